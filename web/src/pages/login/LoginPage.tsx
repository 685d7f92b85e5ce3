import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'pf/Alert';
import { Button } from 'pf/Button';
import { Form, FormGroup } from 'pf/Form';
import { TextInput } from 'pf/TextInput';
import { useState, type FormEvent } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { ApiError } from '@/api/http';
import { keys } from '@/api/keys';
import { logIn } from '@/api/queries/identity';
import { safeNext } from '@/app/loginAddress';
import { ErrorBox } from '@/components/ErrorBox';
import { Logo } from '@/components/Logo';
import { useTitle } from '@/components/PageHead';

/** The server's 401 talks about operations; at the door it only ever means one thing. */
function DoorError({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || error.status !== 401) return <ErrorBox error={error} />;
  return <Alert variant="danger" isInline title="Name and password do not match an account" />;
}

export function LoginPage() {
  useTitle('Log in');
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => logIn(name, password),
    onSuccess: async (identity) => {
      // Nothing of an earlier login may be shown to this one.
      client.clear();
      client.setQueryData(keys.identity, identity);
      await navigate(safeNext(params.get('next')), { replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <main className="rt-login">
      <div className="rt-login-card">
        <div className="rt-login-brand">
          <Logo />
          <h1>Ringtest</h1>
        </div>
        <p className="rt-muted">One product build, many laboratories, one answer.</p>
        <Form onSubmit={submit}>
          {login.isError && <DoorError error={login.error} />}
          <FormGroup label="Name or e-mail" fieldId="name" isRequired>
            <TextInput
              id="name"
              name="username"
              autoComplete="username"
              autoFocus
              isRequired
              value={name}
              onChange={(_, value) => setName(value)}
            />
          </FormGroup>
          <FormGroup label="Password" fieldId="password" isRequired>
            <TextInput
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              isRequired
              value={password}
              onChange={(_, value) => setPassword(value)}
            />
          </FormGroup>
          <Button
            type="submit"
            isBlock
            isLoading={login.isPending}
            isDisabled={login.isPending || !name || !password}
          >
            Log in
          </Button>
        </Form>
      </div>
    </main>
  );
}
