/** What people want to run on a lab, for its own people to answer. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'pf/Alert';
import { Button } from 'pf/Button';
import { keys } from '@/api/keys';
import { answerRun, askedRunsQuery } from '@/api/queries/labs';
import type { Id, LabRun } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { Time } from '@/components/Time';

function Question({ run }: { run: LabRun }) {
  const client = useQueryClient();
  const answer = useMutation({
    mutationFn: (word: 'allow' | 'refuse') => answerRun(run.id, word),
    onSuccess: () =>
      Promise.all(
        [keys.labRuns, keys.jobs].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  });
  return (
    <Alert variant="warning" isInline component="h3" title={`${run.asker_name}: ${run.name}`}>
      {run.comment && <p>{run.comment}</p>}
      <p>
        Until <Time at={run.expires_at} />
      </p>
      <details className="rt-more">
        <summary>What would run</summary>
        <pre className="rt-sample">{JSON.stringify(run.spec, null, 1)}</pre>
      </details>
      <p>
        <Button
          variant="secondary"
          isDisabled={answer.isPending}
          onClick={() => answer.mutate('allow')}
        >
          Let it run
        </Button>{' '}
        <Button variant="link" isDisabled={answer.isPending} onClick={() => answer.mutate('refuse')}>
          Refuse
        </Button>
      </p>
      {answer.error && <ErrorBox error={answer.error} />}
    </Alert>
  );
}

export function Asked({ lab }: { lab: Id }) {
  const runs = useQuery(askedRunsQuery).data ?? [];
  return runs
    .filter((run) => run.remoteci_id === lab)
    .map((run) => <Question key={run.id} run={run} />);
}
