/** What a job left in its lab, while that is kept: how to get in, how long, and letting it go. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'pf/Alert';
import { Button } from 'pf/Button';
import { keys } from '@/api/keys';
import { extendHold, holdsQuery, releaseHold } from '@/api/queries/holds';
import type { Job } from '@/api/types';
import { ConfirmButton } from '@/components/ConfirmButton';
import { CopyButton } from '@/components/CopyButton';
import { ErrorBox } from '@/components/ErrorBox';
import { Time } from '@/components/Time';

const MORE_HOURS = 4;

export function Held({ job }: { job: Job }) {
  const client = useQueryClient();
  const { data } = useQuery({ ...holdsQuery(job.id), enabled: job.phase === 'finished' });
  const after = () => client.invalidateQueries({ queryKey: keys.holds(job.id) });
  const extend = useMutation({
    mutationFn: () => extendHold(job.id, MORE_HOURS),
    onSuccess: after,
  });
  const hold = data?.[0];
  if (!hold?.is_held) return null;
  return (
    <Alert variant="info" isInline className="rt-evidence" component="h2" title="Held for a look">
      <p>
        What attempt {hold.attempt} left is kept on {hold.host} until{' '}
        <Time at={hold.until} full />. To get in, on that machine:
      </p>
      <pre className="rt-sample" aria-label="How to get in">
        {hold.shell}
      </pre>
      <p className="rt-held-actions">
        <CopyButton text={hold.shell} />{' '}
        <Button variant="secondary" isDisabled={extend.isPending} onClick={() => extend.mutate()}>
          {MORE_HOURS} hours from now
        </Button>{' '}
        <ConfirmButton
          label="Release"
          question="Let go what this job left?"
          explain="Its lab removes it and takes other jobs."
          confirm="Release it"
          danger
          onConfirm={async () => {
            await releaseHold(job.id);
            await after();
          }}
        />
      </p>
      {extend.error && <ErrorBox error={extend.error} />}
    </Alert>
  );
}
