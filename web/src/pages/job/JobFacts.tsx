import { Link } from 'react-router';
import type { Job } from '@/api/types';
import { CompareLink } from '@/components/CompareLink';
import { Counts, ProgressBar } from '@/components/Counts';
import { Time, Took } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { Versions } from '@/components/Versions';
import { tellsItself } from './stages';

function AttemptPicker({ job, attempt }: { job: Job; attempt: number }) {
  const { change } = useAddress();
  if (job.attempt < 2) return <>{job.attempt ? `1 of ${job.max_attempts}` : 'not begun'}</>;
  return (
    <span className="rt-attempts">
      {Array.from({ length: job.attempt }, (_, at) => at + 1).map((number) => (
        <button
          key={number}
          type="button"
          aria-pressed={number === attempt}
          onClick={() =>
            // Filters of one attempt say nothing of another.
            change(() => new URLSearchParams(number === job.attempt ? {} : { attempt: String(number) }))
          }
        >
          {number}
        </button>
      ))}
      <span className="rt-muted">of {job.max_attempts}</span>
    </span>
  );
}

export function JobFacts({ job, attempt }: { job: Job; attempt: number }) {
  const product = job.product_id ? `/products/${job.product_id}?topic=${job.topic_id}` : null;
  return (
    <dl className="rt-facts rt-job-facts">
      <div>
        <dt>Components</dt>
        <dd>
          {job.components.length > 0 ? <Versions components={job.components} /> : '–'}
        </dd>
      </div>
      <div>
        <dt>Tests</dt>
        <dd>
          {job.phase === 'running' ? <ProgressBar progress={job.progress} /> : <Counts tests={job.tests} />}
        </dd>
      </div>
      <div>
        <dt>Lab</dt>
        <dd>
          <Link to={`/labs#${job.remoteci_id}`}>{job.remoteci?.name ?? job.remoteci_id}</Link>
          {job.team && <span className="rt-muted"> {job.team.name}</span>}
        </dd>
      </div>
      <div>
        <dt>Topic</dt>
        <dd>
          {product ? (
            <Link to={product}>{job.topic?.name ?? job.topic_id}</Link>
          ) : (
            (job.topic?.name ?? job.topic_id)
          )}{' '}
          <Link to={`/answers/${job.topic_id}`} className="rt-small">
            answers
          </Link>
        </dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>
          <Time at={job.created_at} full />
        </dd>
      </div>
      <div>
        <dt>{job.finished_at ? 'Took' : 'Runs for'}</dt>
        <dd>
          <Took from={job.started_at} to={job.finished_at} />
        </dd>
      </div>
      {!tellsItself(job) && (
        <div>
          <dt>Attempt</dt>
          <dd>
            <AttemptPicker job={job} attempt={attempt} />
          </dd>
        </div>
      )}
      {job.previous_job_id && (
        <div>
          <dt>Previous job</dt>
          <dd>
            <Link to={`/jobs/${job.previous_job_id}`}>{job.previous_job_id.slice(0, 8)}</Link>{' '}
            <span className="rt-small">
              <CompareLink
                topic={job.topic_id}
                left={`job:${job.previous_job_id}`}
                right={`job:${job.id}`}
              >
                compare with it
              </CompareLink>
            </span>
          </dd>
        </div>
      )}
    </dl>
  );
}
