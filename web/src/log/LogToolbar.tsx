import AngleDownIcon from 'icons/angle-down-icon';
import AngleUpIcon from 'icons/angle-up-icon';
import BugIcon from 'icons/bug-icon';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import type { LogMark, LogQuestion } from '@/api/types';
import { count, plural } from '@/format/size';
import { CONTEXTS } from './question';
import type { Found } from './useLogSearch';

interface Props {
  question: LogQuestion;
  found: Found;
  /** Which match is shown; null: none yet. */
  at: number | null;
  listed: boolean;
  live: boolean;
  follow: boolean;
  wrap: boolean;
  total: number;
  /** What became of the look for an error. */
  note: string;
  downloadAddress: string;
  gzipAddress: string;
  steps: readonly LogMark[];
  onSearch: (question: LogQuestion) => void;
  onList: () => void;
  onGoTo: (line: number) => void;
  onStep: (step: 1 | -1) => void;
  onFollow: () => void;
  onWrap: () => void;
  onFirstError: () => void;
}

function matchWords(q: string, found: Found, at: number | null): string {
  if (!q) return '';
  if (found.error) return found.error.message;
  if (found.busy && found.matches.length === 0) return 'searching…';
  if (found.matches.length === 0) return found.complete ? 'no match' : 'no match so far as was searched';
  const all = `${count(found.matches.length)}${found.complete ? '' : '+'}`;
  return at === null ? all : `${count(at + 1)} of ${all}`;
}

interface ToggleProps {
  on: boolean;
  text: string;
  hint: string;
  /** For those who do not see `text`, when that is no word. */
  name?: string;
  onClick: () => void;
}

function Toggle({ on, text, hint, name, onClick }: ToggleProps) {
  return (
    <Button
      variant={on ? 'primary' : 'secondary'}
      size="sm"
      aria-pressed={on}
      aria-label={name}
      title={hint}
      onClick={onClick}
    >
      {text}
    </Button>
  );
}

export function LogToolbar(props: Props) {
  const { question, found, at } = props;
  const none = found.matches.length === 0;
  return (
    <div className="rt-log-tools" role="toolbar" aria-label="Log tools">
      <div className="rt-log-search">
        <TextInput
          type="search"
          data-search
          aria-label="Search the log"
          placeholder="Search the log…  ( / )"
          value={question.q}
          maxLength={1000}
          onChange={(_, q) => props.onSearch({ ...question, q })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') props.onStep(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <Toggle
          on={question.matchCase}
          text="Aa"
          name="Match case"
          hint="Upper and lower case differ"
          onClick={() => props.onSearch({ ...question, matchCase: !question.matchCase })}
        />
        <Toggle
          on={question.regex}
          text=".*"
          name="Regular expression"
          hint="A pattern that a line must fit (RE2)"
          onClick={() => props.onSearch({ ...question, regex: !question.regex })}
        />
        <span className={`rt-small ${found.error ? 'rt-bad' : 'rt-muted'}`} role="status">
          {matchWords(question.q, found, at)}
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
        {question.q && (
          <>
            <Toggle on={props.listed} text="List" hint="All matches, with lines around them" onClick={props.onList} />
            {props.listed && (
              <FormSelect
                aria-label="Lines around a match"
                className="rt-select"
                value={question.context}
                onChange={(_, value) => props.onSearch({ ...question, context: Number(value) })}
              >
                {CONTEXTS.map((lines) => (
                  <FormSelectOption key={lines} value={lines} label={`± ${plural(lines, 'line')}`} />
                ))}
              </FormSelect>
            )}
          </>
        )}
      </div>
      <div className="rt-log-buttons">
        <span className="rt-small rt-muted rt-nowrap" role="status">
          {props.note}
        </span>
        <span className="rt-small rt-muted rt-nowrap">{count(props.total)} lines</span>
        {props.steps.length > 0 && (
          <FormSelect
            aria-label="Go to a step"
            className="rt-select"
            value=""
            onChange={(_, line) => line !== '' && props.onGoTo(Number(line))}
          >
            <FormSelectOption value="" label="Steps" />
            {props.steps.map((step) => (
              <FormSelectOption key={step.line} value={step.line} label={`${step.stage}: ${step.text}`} />
            ))}
          </FormSelect>
        )}
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
        <span className="rt-log-files" role="group" aria-label="The log as a file">
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
          <Button component="a" href={props.gzipAddress} download variant="secondary" size="sm" title="Packed with gzip">
            .gz
          </Button>
        </span>
      </div>
    </div>
  );
}
