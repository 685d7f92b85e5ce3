/** A secret that is shown once, in the shapes in which people take it along. */
import { Alert } from 'pf/Alert';
import { CopyButton } from '@/components/CopyButton';
import type { Stored } from '@/api/types';
import type { Resource } from './describe';

/** Settings of a machine as the shell and as YAML read them. Pure. */
export function settingsOf(one: string, id: string, secret: string, server: string): [string, string][] {
  return [
    [
      'dcirc.sh',
      `export DCI_CLIENT_ID="${one}/${id}"\nexport DCI_API_SECRET="${secret}"\nexport DCI_CS_URL="${server}"\n`,
    ],
    ['dci_credentials.yml', `DCI_CLIENT_ID: ${one}/${id}\nDCI_API_SECRET: ${secret}\nDCI_CS_URL: ${server}\n`],
  ];
}

interface Props {
  resource: Resource;
  stored: Stored;
  secret: string;
}

export function Once({ resource, stored, secret }: Props) {
  const texts: [string, string][] =
    resource.secret === 'token'
      ? [['The token', secret]]
      : settingsOf(resource.one, stored.id, secret, window.location.origin);
  return (
    <Alert
      variant="success"
      isInline
      component="h2"
      title={`Copy it now: the ${resource.secret === 'token' ? 'token' : 'key'} of “${stored.name}” is not shown again`}
    >
      {texts.map(([name, value]) => (
        <div key={name} className="rt-once">
          <p className="rt-once-name">
            {name} <CopyButton text={value} label={`Copy ${name}`} />
          </p>
          <pre className="rt-sample rt-secret" aria-label={name}>
            {value}
          </pre>
        </div>
      ))}
      {resource.one === 'remoteci' && (
        <p>
          In the lab, <code>ringtest agent init --from dcirc.sh</code> takes it and says whether the
          server knows it.
        </p>
      )}
    </Alert>
  );
}
