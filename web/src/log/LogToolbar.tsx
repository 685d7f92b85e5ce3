import AngleDownIcon from 'icons/angle-down-icon';
import AngleUpIcon from 'icons/angle-up-icon';
import BugIcon from 'icons/bug-icon';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { TextInput } from 'pf/TextInput';
import { count } from '@/format/size';
import type { Found } from './useLogSearch';

interface Props {
  q: string;
  found: Found;
  at: number;
  live: boolean;
  follow: boolean;
  wrap: boolean;
  total: number;
  /** What became of the look for an error. */
  note: string;
  downloadAddress: string;
  onSearch: (q: string) => void;
  onStep: (step: 1 | -1) => void;
  onFollow: () => void;
  onWrap: () => void;
  onFirstError: () => void;
}

function matchWords(q: string, found: Found, at: number): string {
  if (!q.trim()) return '';
  if (found.error) return 'search failed';
  if (found.busy && found.lines.length === 0) return 'searching…';
  if (found.lines.length === 0) return 'no match';
  return `${at + 1} of ${count(found.lines.length)}${found.complete ? '' : '+'}`;
}

function Toggle({ on, text, hint, onClick }: { on: boolean; text: string; hint: string; onClick: () => void }) {
  return (
    <Button
      variant={on ? 'primary' : 'secondary'}
      size="sm"
      aria-pressed={on}
      title={hint}
      onClick={onClick}
    >
      {text}
    </Button>
  );
}

export function LogToolbar(props: Props) {
  const { q, found, at } = props;
  const none = found.lines.length === 0;
  return (
    <div className="rt-log-tools" role="toolbar" aria-label="Log tools">
      <div className="rt-log-search">
        <TextInput
          type="search"
          data-search
          aria-label="Search the log"
          placeholder="Search the log…  ( / )"
          value={q}
          onChange={(_, value) => props.onSearch(value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') props.onStep(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <span className="rt-small rt-muted rt-nowrap" role="status">
          {matchWords(q, found, at)}
        </span>
        <Button
          variant="plain"
          size="sm"
          aria-label="Previous match"
          title="Previous match (N)"
          icon={<AngleUpIcon />}
          isDisabled={none}
          onClick={() => props.onStep(-1)}
        />
        <Button
          variant="plain"
          size="sm"
          aria-label="Next match"
          title="Next match (n)"
          icon={<AngleDownIcon />}
          isDisabled={none}
          onClick={() => props.onStep(1)}
        />
      </div>
      <div className="rt-log-buttons">
        <span className="rt-small rt-muted rt-nowrap" role="status">
          {props.note}
        </span>
        <span className="rt-small rt-muted rt-nowrap">{count(props.total)} lines</span>
        <Button
          variant="secondary"
          size="sm"
          icon={<BugIcon />}
          title="Jump to the first error (e)"
          onClick={props.onFirstError}
        >
          First error
        </Button>
        <Toggle on={props.wrap} text="Wrap" hint="Wrap long lines" onClick={props.onWrap} />
        {props.live && (
          <Toggle
            on={props.follow}
            text="Follow"
            hint="Keep the end in sight (f)"
            onClick={props.onFollow}
          />
        )}
        <Button
          component="a"
          href={props.downloadAddress}
          download
          variant="secondary"
          size="sm"
          icon={<DownloadIcon />}
        >
          Download
        </Button>
      </div>
    </div>
  );
}
