/** Matches of a search with lines around them, to read before one jumps. */
import { plural } from '@/format/size';
import { AnsiText } from './AnsiText';
import { lineHash } from './lineLink';
import { markHits } from './spans';
import type { Found } from './useLogSearch';
import { plainText } from './ansi';

/** More would be a list that nobody reads; stepping goes through all of them. */
const MOST = 100;

interface Props {
  found: Found;
  /** The match that the log shows. */
  current: number | null;
  onOpen: (at: number) => void;
}

/** Lines before or after a match. */
export function Around({ lines }: { lines: readonly string[] | undefined }) {
  return lines?.map((text, at) => (
    <span key={at} className="rt-match-around">
      {plainText(text)}
      {'\n'}
    </span>
  ));
}

export function MatchList({ found, current, onOpen }: Props) {
  if (found.matches.length === 0) return null;
  const left = found.matches.length - MOST;
  return (
    <div className="rt-matches" role="region" aria-label="Matches" tabIndex={0}>
      <ol>
        {found.matches.slice(0, MOST).map((match, at) => (
          <li key={match.line} className={match.line === current ? 'rt-match-now' : undefined}>
            <a
              href={lineHash({ first: match.line, last: match.line })}
              aria-label={`To line ${match.line + 1}`}
              onClick={(event) => {
                event.preventDefault();
                onOpen(at);
              }}
            >
              {match.line + 1}
            </a>
            <pre>
              <Around lines={match.before} />
              <AnsiText pieces={markHits([{ text: plainText(match.text), style: {} }], found.matcher)} />
              {'\n'}
              <Around lines={match.after} />
            </pre>
          </li>
        ))}
      </ol>
      {left > 0 && (
        <p className="rt-small rt-muted">{plural(left, 'more match', 'more matches')}: step through them with n.</p>
      )}
    </div>
  );
}
