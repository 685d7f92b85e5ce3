import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'pf/Alert';
import { Button } from 'pf/Button';
import { Form, FormGroup } from 'pf/Form';
import { TextInput } from 'pf/TextInput';
import { useState, type FormEvent } from 'react';
import { keys } from '@/api/keys';
import { changeProfile } from '@/api/queries/account';
import type { Profile } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';

interface FieldProps {
  label: string;
  name: string;
  value: string;
  type?: 'text' | 'email' | 'password';
  autoComplete: string;
  onChange: (value: string) => void;
}

function Field({ label, name, value, type = 'text', autoComplete, onChange }: FieldProps) {
  return (
    <FormGroup label={label} fieldId={name}>
      <TextInput
        id={name}
        type={type}
        autoComplete={autoComplete}
        value={value}
        onChange={(_, text) => onChange(text)}
      />
    </FormGroup>
  );
}

/** Whatever is changed, the password proves that it is the person and not an open screen. */
export function ProfileCard({ profile }: { profile: Profile }) {
  const client = useQueryClient();
  const [fullname, setFullname] = useState(profile.fullname);
  const [email, setEmail] = useState(profile.email ?? '');
  const [password, setPassword] = useState('');
  const [current, setCurrent] = useState('');
  const change = useMutation({
    mutationFn: () =>
      changeProfile(profile, {
        current_password: current,
        fullname,
        email: email || null,
        ...(password ? { new_password: password } : {}),
      }),
    onSuccess: async (next) => {
      setCurrent('');
      setPassword('');
      client.setQueryData(keys.profile, { ...profile, ...next });
      await client.invalidateQueries({ queryKey: keys.identity });
    },
  });
  const isChanged = fullname !== profile.fullname || email !== (profile.email ?? '') || password;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <section className="rt-card rt-account-card" aria-labelledby="profile">
      <h2 id="profile">Profile</h2>
      <Form onSubmit={submit}>
        {change.isError && <ErrorBox error={change.error} />}
        {change.isSuccess && <Alert variant="success" isInline isPlain title="Saved" />}
        <Field label="Full name" name="fullname" autoComplete="name" value={fullname} onChange={setFullname} />
        <Field label="E-mail" name="email" type="email" autoComplete="email" value={email} onChange={setEmail} />
        <Field
          label="New password (empty: as it is)"
          name="new-password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
        />
        <Field
          label="Current password"
          name="current-password"
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
        />
        <div>
          <Button
            type="submit"
            isLoading={change.isPending}
            isDisabled={!isChanged || !current || change.isPending}
          >
            Save
          </Button>
        </div>
      </Form>
    </section>
  );
}
