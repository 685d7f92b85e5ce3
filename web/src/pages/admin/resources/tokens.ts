/** Tokens of a person, and of the machines of its teams. */
import { endAfter, LIVES, SCOPES } from '@/pages/account/tokens';
import type { Resource } from '../describe';
import { anyone, listed, text } from '../describe';

const HOLDERS: Record<string, string> = { user: 'me', remoteci: 'a remote CI', feeder: 'a feeder' };

export const tokens: Resource = {
  noun: 'tokens',
  one: 'token',
  title: 'Tokens',
  word: 'token',
  explain: 'A token stands for a person or a machine, in scripts and tools; it may do some of what they may.',
  commands: ['ringtest token create NAME --scope read'],
  fields: [
    { name: 'name', label: 'What is it for?', kind: 'line', required: true, only: 'create' },
    {
      name: 'scopes',
      label: 'What may it do?',
      kind: 'choices',
      options: SCOPES,
      begin: ['read'],
      required: true,
      only: 'create',
    },
    {
      name: 'days',
      label: 'For how long?',
      kind: 'choice',
      options: LIVES.map((life) => [String(life), `${life} days`] as const),
      begin: '30',
      only: 'create',
    },
    {
      name: 'remoteci_id',
      label: 'For a remote CI',
      kind: 'ref',
      to: 'remotecis',
      own: true,
      none: 'None: it is mine',
      only: 'create',
    },
    {
      name: 'feeder_id',
      label: 'For a feeder',
      kind: 'ref',
      to: 'feeders',
      own: true,
      none: 'None',
      only: 'create',
    },
  ],
  columns: [
    { label: 'Begins with', text: ({ hint }) => `${String(hint)}…`, kind: 'mono' },
    { label: 'Of', text: ({ holder_kind }) => HOLDERS[String(holder_kind)] ?? String(holder_kind) },
    { label: 'May', text: ({ scopes }) => listed(scopes) },
    { label: 'Ends', text: ({ expires_at }) => text(expires_at), kind: 'time', sort: 'expires_at' },
    { label: 'Last used', text: ({ last_used_at }) => text(last_used_at), kind: 'time' },
  ],
  rests: false,
  sees: anyone,
  creates: anyone,
  edits: () => false,
  archives: anyone,
  archive: { label: 'Revoke', explain: 'Whatever uses it is refused from this moment. This cannot be taken back.' },
  secret: 'token',
  toBody: ({ days, ...body }, now) => ({ ...body, expires_at: endAfter(Number(days), now) }),
};
