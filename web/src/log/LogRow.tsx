import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import { memo, type MouseEvent } from 'react';
import { StageLabel } from '@/components/StatusLabel';
import { plural } from '@/format/size';
import type { Span } from './ansi';
import { AnsiText } from './AnsiText';
import { lineHash } from './lineLink';
import type { Matcher } from './matcher';
import type { Section } from './rows';
import { markHits } from './spans';

interface Props {
  index: number;
  top: number;
  /** A heading, else a line. */
  section: Section | null;
  line: number;
  spans: Span[] | undefined;
  folded: boolean;
  /** Marks what was searched for. */
  matcher: Matcher | null;
  isCurrent: boolean;
  isNamed: boolean;
  onFold: (section: Section) => void;
  onLine: (line: number, event: MouseEvent) => void;
}

function Head({ section, folded, onFold }: { section: Section; folded: boolean; onFold: Props['onFold'] }) {
  const Angle = folded ? AngleRightIcon : AngleDownIcon;
  return (
    <button
      type="button"
      className="rt-log-head"
      aria-expanded={!folded}
      onClick={() => onFold(section)}
    >
      <Angle /> <b>{section.name}</b>
      {section.status && <StageLabel status={section.status} />}
      <span className="rt-log-head-count">{plural(section.to - section.from, 'line')}</span>
    </button>
  );
}

/** While one scrolls only rows that come into sight are made. */
export const LogRow = memo(function LogRow(props: Props) {
  const { section, line, index, top } = props;
  const place = { transform: `translateY(${top}px)` };
  if (section) {
    return (
      <div className="rt-log-row" style={place} data-index={index}>
        <Head section={section} folded={props.folded} onFold={props.onFold} />
      </div>
    );
  }
  const names = ['rt-log-row', 'rt-log-line'];
  if (props.isNamed) names.push('rt-log-named');
  if (props.isCurrent) names.push('rt-log-current');
  return (
    <div className={names.join(' ')} style={place} data-index={index}>
      <a
        className="rt-log-number"
        href={lineHash({ first: line, last: line })}
        aria-label={`Line ${line + 1}`}
        tabIndex={-1}
        onClick={(event) => props.onLine(line, event)}
      >
        {line + 1}
      </a>
      <span className="rt-log-text">
        {props.spans ? (
          <AnsiText pieces={markHits(props.spans, props.matcher)} />
        ) : (
          <span className="rt-muted">…</span>
        )}
      </span>
    </div>
  );
});
