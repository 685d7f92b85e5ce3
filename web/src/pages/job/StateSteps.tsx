/** The states that a lab reported, as steps: what a stage is to an agent of ours. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { statesQuery } from '@/api/queries/jobs';
import type { Job, JobState } from '@/api/types';
import { ToneIcon } from '@/components/StatusLabel';
import { Took } from '@/components/Time';
import { isFinished, JOB_LOOKS, type Look } from '@/format/status';

const MOST = 12;

function lookOf({ status }: JobState, isLast: boolean): Look {
  const look = JOB_LOOKS[status];
  return isLast || isFinished(status) ? look : { ...look, tone: 'good' };
}

export function StateSteps({ job }: { job: Job }) {
  const states = useQuery(statesQuery(job.id)).data ?? [];
  // A tool that reports the same state again and again would push the page away.
  const shown = states.filter(({ status }, at) => status !== states[at - 1]?.status).slice(-MOST);
  return (
    <ol className="rt-steps" aria-label="States that the lab reported">
      {shown.map((state, at) => {
        const next = shown[at + 1];
        const look = lookOf(state, !next);
        return (
          <li key={state.id} className={`rt-step rt-step-${look.tone}`}>
            <Link className="rt-step-body" to={`/jobs/${job.id}/tasks`}>
              <span className="rt-step-icon">
                <ToneIcon look={look} />
              </span>
              <span className="rt-step-text">
                <span className="rt-step-name">{state.status}</span>
                <span className="rt-small rt-muted">
                  {isFinished(state.status) ? (
                    (state.comment ?? look.label)
                  ) : (
                    <Took from={state.created_at} to={next?.created_at ?? job.finished_at} />
                  )}
                </span>
              </span>
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
