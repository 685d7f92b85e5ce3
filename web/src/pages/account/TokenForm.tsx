import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { Checkbox } from 'pf/Checkbox';
import { Form, FormGroup } from 'pf/Form';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { useState, type FormEvent } from 'react';
import { keys } from '@/api/keys';
import { createToken } from '@/api/queries/account';
import { ErrorBox } from '@/components/ErrorBox';
import { plural } from '@/format/size';
import { endAfter, LIVES, SCOPES } from './tokens';

export function TokenForm({ onMade }: { onMade: (token: string) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(['read']));
  const [days, setDays] = useState<number>(30);
  const create = useMutation({
    mutationFn: () =>
      createToken({ name, scopes: [...scopes], expires_at: endAfter(days, Date.now()) }),
    onSuccess: async ({ token }) => {
      onMade(token);
      setName('');
      await client.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const toggle = (scope: string) =>
    setScopes((now) => {
      const next = new Set(now);
      if (!next.delete(scope)) next.add(scope);
      return next;
    });
  return (
    <Form onSubmit={submit} aria-label="New token">
      {create.isError && <ErrorBox error={create.error} />}
      <FormGroup label="What is it for?" fieldId="token-name">
        <TextInput
          id="token-name"
          placeholder="nightly report"
          value={name}
          onChange={(_, text) => setName(text)}
        />
      </FormGroup>
      <FormGroup role="group" label="What may it do?" fieldId="token-scopes">
        {SCOPES.map(([scope, text]) => (
          <Checkbox
            key={scope}
            id={`scope-${scope}`}
            label={text}
            isChecked={scopes.has(scope)}
            onChange={() => toggle(scope)}
          />
        ))}
      </FormGroup>
      <FormGroup label="For how long?" fieldId="token-days">
        <FormSelect id="token-days" value={days} onChange={(_, value) => setDays(Number(value))}>
          {LIVES.map((life) => (
            <FormSelectOption key={life} value={life} label={plural(life, 'day')} />
          ))}
        </FormSelect>
      </FormGroup>
      <div>
        <Button
          type="submit"
          isLoading={create.isPending}
          isDisabled={!name.trim() || scopes.size === 0 || create.isPending}
        >
          Create token
        </Button>
      </div>
    </Form>
  );
}
