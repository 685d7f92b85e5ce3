/** Prepare → test → collect, live. A step leads to its place in the log. */
import { Link } from 'react-router';
import type { Job, Stage } from '@/api/types';
import { ToneIcon } from '@/components/StatusLabel';
import { Took } from '@/components/Time';
import { STAGE_LOOKS, type Look } from '@/format/status';
import { stepsOf, type Step } from './stages';

const NEVER_BEGAN: Look = { label: 'Did not run', tone: 'quiet', hint: 'The job ended before it' };

function StepView({ step, job, attempt }: { step: Step; job: Job; attempt: number }) {
  const neverBegan = step.status === 'waiting' && (job.phase === 'finished' || attempt < job.attempt);
  const look = neverBegan ? NEVER_BEGAN : STAGE_LOOKS[step.status];
  const search = attempt === job.attempt ? '' : `?attempt=${attempt}`;
  const line = step.stage?.first_line;
  const body = (
    <>
      <span className="rt-step-icon">
        <ToneIcon look={look} />
      </span>
      <span className="rt-step-text">
        <span className="rt-step-name">{step.name}</span>
        <span className="rt-small rt-muted">
          {look.label}
          {step.stage && step.stage.status !== 'skipped' && (
            <>
              {' · '}
              <Took from={step.stage.started_at} to={step.stage.ended_at} />
            </>
          )}
          {step.stage?.exit_code ? ` · exit ${step.stage.exit_code}` : ''}
        </span>
      </span>
    </>
  );
  return (
    <li
      className={`rt-step rt-step-${look.tone}`}
      aria-current={step.status === 'running' ? 'step' : undefined}
    >
      {line === null || line === undefined ? (
        <span className="rt-step-body">{body}</span>
      ) : (
        <Link
          className="rt-step-body"
          to={`/jobs/${job.id}/log${search}#L${line + 1}`}
          title="To its place in the log"
        >
          {body}
        </Link>
      )}
    </li>
  );
}

interface Props {
  job: Job;
  stages: readonly Stage[];
  attempt: number;
}

export function Stepper({ job, stages, attempt }: Props) {
  return (
    <ol className="rt-steps" aria-label={`Stages of attempt ${attempt}`}>
      {stepsOf(stages, attempt).map((step) => (
        <StepView key={step.name} step={step} job={job} attempt={attempt} />
      ))}
    </ol>
  );
}
