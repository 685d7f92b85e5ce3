/** Run something on one lab: at once on one's own, elsewhere as its people say. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { keys } from '@/api/keys';
import { definitionsQuery, runOnLab } from '@/api/queries/labs';
import type { Lab } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';

export function RunHere({ lab }: { lab: Lab }) {
  const client = useQueryClient();
  const [topic, setTopic] = useState(lab.topics[0]?.id ?? '');
  const [chosen, setChosen] = useState('');
  const [comment, setComment] = useState('');
  const definitions = useQuery(definitionsQuery(topic)).data ?? [];
  const definition = definitions.find((one) => one.id === chosen) ?? definitions[0];
  const wish = useMutation({
    mutationFn: (definition_id: string) =>
      runOnLab({
        remoteci_id: lab.id,
        topic_id: topic,
        definition_id,
        ...(comment ? { comment } : {}),
      }),
    onSuccess: () =>
      Promise.all(
        [keys.labRuns, keys.jobs].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  });
  if (lab.topics.length === 0 || lab.state !== 'active') return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (definition) wish.mutate(definition.id);
  };
  return (
    <details className="rt-more">
      <summary>Run something here</summary>
      <form onSubmit={submit} className="rt-form" aria-label={`Run something on ${lab.name}`}>
        <label>
          Topic{' '}
          <select value={topic} onChange={(event) => setTopic(event.target.value)}>
            {lab.topics.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>{' '}
        <label>
          What{' '}
          <select value={definition?.id ?? ''} onChange={(event) => setChosen(event.target.value)}>
            {definitions.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>{' '}
        <label>
          Why <input value={comment} onChange={(event) => setComment(event.target.value)} />
        </label>{' '}
        <Button type="submit" variant="secondary" isDisabled={!definition || wish.isPending}>
          Run
        </Button>
      </form>
      {wish.data?.job_id && (
        <p role="status">
          In the lab's queue: <Link to={`/jobs/${wish.data.job_id}`}>{wish.data.name}</Link>
        </p>
      )}
      {wish.data?.status === 'asked' && <p role="status">The lab's people are asked.</p>}
      {wish.error && <ErrorBox error={wish.error} />}
    </details>
  );
}
