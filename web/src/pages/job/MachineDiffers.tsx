/** A job that did not pass, on a machine that is not as it was at the last good one. */
import { useQuery } from '@tanstack/react-query';
import { Alert } from 'pf/Alert';
import { Link } from 'react-router';
import { machineDiffersQuery } from '@/api/queries/labs';
import type { Job } from '@/api/types';
import { Changes } from '@/pages/labs/Changes';

export function MachineDiffers({ job }: { job: Job }) {
  const isBad = job.phase === 'finished' && job.result !== 'passed';
  const { data } = useQuery({ ...machineDiffersQuery(job.id), enabled: isBad });
  if (!isBad || !data?.with_job_id || data.differences.length === 0) return null;
  return (
    <Alert
      variant="info"
      isInline
      component="h2"
      className="rt-evidence"
      title="Hardware differs from the last good job"
    >
      <Changes changes={data.differences} />
      <Link to={`/jobs/${data.with_job_id}`}>The last good job</Link>
    </Alert>
  );
}
