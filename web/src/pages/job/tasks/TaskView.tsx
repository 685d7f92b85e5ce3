/** A state of the run, or one of its tasks with what it printed. */
import { useQuery } from '@tanstack/react-query';
import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import LinkIcon from 'icons/link-icon';
import { memo } from 'react';
import { Link } from 'react-router';
import { address, requestText } from '@/api/http';
import type { Id, JobFile, JobState } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { QueryView } from '@/components/QueryView';
import { StatusLabel, ToneIcon } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { bytes, plural } from '@/format/size';
import { duration } from '@/format/time';
import { parseLine } from '@/log/ansi';
import { AnsiText } from '@/log/AnsiText';
import { textMatcher } from '@/log/matcher';
import { markHits } from '@/log/spans';
import { TASK_TONES, type Task } from './tasks';

const LARGEST = 512 * 1024;
const CLASSES = { good: 'rt-good', bad: 'rt-bad', warn: 'rt-warn', quiet: 'rt-muted', busy: '' };

interface HeadProps {
  state: JobState;
  tasks: number;
  bad: number;
  past: boolean;
}

export function StateHead({ state, tasks, bad, past }: HeadProps) {
  return (
    <div className="rt-task-state">
      <StatusLabel status={state.status} compact past={past} />
      <Time at={state.created_at} />
      <span className="rt-small rt-muted">{plural(tasks, 'task')}</span>
      {bad > 0 && <span className="rt-pill rt-pill-bad">{bad} failed</span>}
      {state.comment && <span className="rt-small">{state.comment}</span>}
    </div>
  );
}

function Output({ file }: { file: JobFile }) {
  const query = useQuery({
    queryKey: ['file', file.id, 'text'],
    queryFn: ({ signal }) => requestText(`/files/${file.id}/content`, signal),
    staleTime: Infinity,
    enabled: file.size <= LARGEST,
  });
  const download = (
    <a href={address(`/files/${file.id}/content`)} download={file.name}>
      Download ({bytes(file.size)})
    </a>
  );
  if (file.size > LARGEST) return <p className="rt-test-details">Too long to show. {download}</p>;
  return (
    <div className="rt-test-details">
      <QueryView query={query}>
        {(text) =>
          text === '' ? (
            <p className="rt-muted">This task printed nothing.</p>
          ) : (
            <>
              <p className="rt-small">
                <CopyButton text={text} label="Copy the output" /> {download}
              </p>
              <pre className="rt-sample">
                {text.split('\n').map((line, at) => (
                  <span key={at}>
                    <AnsiText pieces={parseLine(line).spans} />
                    {'\n'}
                  </span>
                ))}
              </pre>
            </>
          )
        }
      </QueryView>
    </div>
  );
}

interface Props {
  task: Task;
  needle: string;
  open: boolean;
  linked: boolean;
  onToggle: (id: Id) => void;
}

/** Scrolling draws the rows that come, not again those that stay. */
export const TaskView = memo(function TaskView({ task, needle, open, linked, onToggle }: Props) {
  const Angle = open ? AngleDownIcon : AngleRightIcon;
  const tone = TASK_TONES[task.outcome];
  return (
    <>
      <div className={linked ? 'rt-test rt-task-linked' : 'rt-test'}>
        <button type="button" className="rt-test-head" aria-expanded={open} data-row onClick={() => onToggle(task.file.id)}>
          <Angle className="rt-muted" />
          <span className={CLASSES[tone]} title={task.outcome}>
            <ToneIcon look={{ label: task.outcome, tone, hint: '' }} />
            <span className="pf-v6-screen-reader">{task.outcome}</span>
          </span>
          <span className="rt-case-name">
            <AnsiText pieces={markHits([{ text: task.name, style: {} }], textMatcher(needle))} />
          </span>
        </button>
        <Link
          to={{ search: `?task=${task.file.id}` }}
          replace
          preventScrollReset
          className="rt-muted"
          aria-label={`Link to ${task.name}`}
          title="Link to this task"
        >
          <LinkIcon />
        </Link>
        <span className="rt-small rt-muted rt-test-time">{duration(task.took)}</span>
      </div>
      {open && <Output file={task.file} />}
    </>
  );
});
