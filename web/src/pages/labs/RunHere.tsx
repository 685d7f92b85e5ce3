/** Run something on one lab: at once on one's own, elsewhere as its people say. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { Form, FormGroup } from 'pf/Form';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
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
  const field = (name: string) => `${name}-${lab.id}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (definition) wish.mutate(definition.id);
  };
  return (
    <details className="rt-more">
      <summary>Run something here</summary>
      <Form onSubmit={submit} className="rt-run-here" aria-label={`Run something on ${lab.name}`}>
        <FormGroup label="Topic" fieldId={field('topic')}>
          <FormSelect id={field('topic')} value={topic} onChange={(_, next) => setTopic(next)}>
            {lab.topics.map((one) => (
              <FormSelectOption key={one.id} value={one.id} label={one.name} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="What" fieldId={field('what')}>
          <FormSelect id={field('what')} value={definition?.id ?? ''} onChange={(_, next) => setChosen(next)}>
            {definitions.length === 0 && <FormSelectOption value="" label="The topic has no definition" />}
            {definitions.map((one) => (
              <FormSelectOption key={one.id} value={one.id} label={one.name} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="Why" fieldId={field('why')}>
          <TextInput id={field('why')} value={comment} onChange={(_, text) => setComment(text)} />
        </FormGroup>
        <div>
        <Button type="submit" variant="secondary" isDisabled={!definition || wish.isPending}>
          Run
        </Button>
        </div>
      </Form>
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
