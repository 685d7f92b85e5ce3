import { useQueryClient } from '@tanstack/react-query';
import RedoIcon from 'icons/redo-icon';
import StopIcon from 'icons/stop-icon';
import { useNavigate } from 'react-router';
import { keys } from '@/api/keys';
import { cancelJob, retryJob } from '@/api/queries/jobs';
import type { Job } from '@/api/types';
import { ConfirmButton } from '@/components/ConfirmButton';
import { Time } from '@/components/Time';
import { tellsItself } from './stages';

export function JobActions({ job }: { job: Job }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const after = async (work: Promise<unknown>) => {
    await work;
    await Promise.all([
      client.invalidateQueries({ queryKey: keys.job(job.id) }),
      client.invalidateQueries({ queryKey: keys.jobs }),
    ]);
  };
  if (tellsItself(job) && job.phase === 'finished') return null;
  if (job.phase === 'finished') {
    return (
      <ConfirmButton
        label="Retry"
        icon={<RedoIcon />}
        question="Run this job again?"
        explain={`It goes back to the queue of ${job.remoteci?.name ?? 'its lab'} as attempt ${job.attempt + 1}. Its results so far are kept with their attempt.`}
        confirm="Retry"
        onConfirm={async () => {
          await after(retryJob(job.id));
          // A link into the old attempt's log means nothing in the new one's.
          await navigate(`/jobs/${job.id}/log`);
        }}
      />
    );
  }
  if (job.cancel_requested_at) {
    return (
      <span className="rt-muted">
        cancel asked for <Time at={job.cancel_requested_at} />
      </span>
    );
  }
  return (
    <ConfirmButton
      label="Cancel"
      icon={<StopIcon />}
      question="Cancel this job?"
      explain={
        job.phase === 'queued'
          ? 'It leaves the queue of its lab. You can retry it later.'
          : 'Its lab is told to stop. Logs and results so far are kept.'
      }
      confirm="Cancel the job"
      danger
      onConfirm={() => after(cancelJob(job.id))}
    />
  );
}
