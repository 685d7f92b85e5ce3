/** Between what the API stores and what stands in a form. Pure. */
import type { Stored } from '@/api/types';
import type { Draft, Field, Resource } from './describe';

export const fieldsFor = ({ fields }: Resource, moment: 'create' | 'edit'): Field[] =>
  fields.filter(({ only }) => only === undefined || only === moment);

const EMPTY: Record<Field['kind'], Draft[string]> = {
  line: '',
  note: '',
  mail: '',
  secret: '',
  flag: false,
  words: '',
  json: '{}',
  choice: '',
  choices: [],
  ref: '',
};

/** Where a form begins: what is stored, or what the address says (a link may begin a form). */
export function draftOf(fields: readonly Field[], stored?: Stored, asked?: URLSearchParams): Draft {
  return Object.fromEntries(
    fields.map((field) => {
      const { name, kind } = field;
      const begin = field.begin ?? (kind === 'choice' ? (field.options?.[0]?.[0] ?? '') : EMPTY[kind]);
      if (stored) return [name, typed(kind, stored[name])];
      return [name, kind === 'flag' || kind === 'choices' ? begin : (asked?.get(name) ?? begin)];
    }),
  );
}

function typed(kind: Field['kind'], value: unknown): Draft[string] {
  if (kind === 'secret' || value === null || value === undefined) return EMPTY[kind];
  if (kind === 'flag') return Boolean(value);
  if (kind === 'json') return JSON.stringify(inOrder(value), null, 2);
  if (kind === 'words') return Array.isArray(value) ? value.join('\n') : '';
  if (kind === 'choices') return Array.isArray(value) ? value.map(String) : [];
  return String(value);
}

/** What people read first of a definition; a database keeps objects in no order. */
const FIRST = ['name', 'run', 'runner', 'with', 'stages', 'provision', 'prepare', 'test', 'collect', 'teardown'];

const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const sorted = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
  return Object.fromEntries(sorted.map(([name, one]) => [name, inOrder(one)]));
}

/** Names, one a line or with commas between. */
export const wordsOf = (typed: string): string[] => [
  ...new Set(
    typed
      .split(/[\n,]/)
      .map((word) => word.trim())
      .filter(Boolean),
  ),
];

/** What is wrong with a value, in words; null: nothing. */
export function faultOf({ kind, required }: Field, value: Draft[string] | undefined): string | null {
  const given = typeof value === 'string' ? value.trim() !== '' : Array.isArray(value) ? value.length > 0 : true;
  if (!given) return required ? 'is needed' : null;
  if (kind === 'json') {
    try {
      const read: unknown = JSON.parse(String(value));
      if (read === null || typeof read !== 'object' || Array.isArray(read)) return 'must be an object: {…}';
    } catch (error) {
      return error instanceof Error ? error.message : 'cannot be read';
    }
  }
  if (kind === 'mail' && !/^[^@\s]+@[^@\s]+$/.test(String(value).trim())) return 'is no address of mail';
  return null;
}

/** As the API takes it; undefined: left out. */
function sent({ kind, name, required }: Field, value: Draft[string] | undefined): unknown {
  if (kind === 'flag') return Boolean(value);
  if (kind === 'choices') return value;
  const typed = String(value ?? '');
  if (kind === 'words') return wordsOf(typed);
  if (kind === 'json') return typed.trim() ? (JSON.parse(typed) as unknown) : {};
  if (kind === 'secret') return typed || undefined;
  const trimmed = kind === 'note' ? typed.trimEnd() : typed.trim();
  return trimmed === '' && !required && name !== 'fullname' ? null : trimmed;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Everything that a new one is made of; what was left empty is left to the server. */
export function creation(resource: Resource, draft: Draft, now: number): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const field of fieldsFor(resource, 'create')) {
    const value = sent(field, draft[field.name]);
    if (value !== undefined && value !== null) body[field.name] = value;
  }
  return resource.toBody ? resource.toBody(body, now) : body;
}

/** Only what a person changed, so that what others changed meanwhile stays. */
export function changes(resource: Resource, begin: Draft, draft: Draft): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const field of fieldsFor(resource, 'edit')) {
    const value = sent(field, draft[field.name]);
    if (value !== undefined && !same(begin[field.name], draft[field.name])) body[field.name] = value;
  }
  return body;
}

/** With what the server would forget if it were left out. */
export const whole = (
  { kept = [] }: Pick<Resource, 'kept'>,
  stored: Stored,
  body: Record<string, unknown>,
): Record<string, unknown> => ({
  ...Object.fromEntries(kept.map((name) => [name, stored[name] ?? null])),
  ...body,
});

/** The values that a change replaced: what taking it back sends. Secrets are not known. */
export function reverse(stored: Stored, body: Record<string, unknown>): Record<string, unknown> {
  const known = Object.keys(body).filter((name) => name in stored);
  return Object.fromEntries(known.map((name) => [name, stored[name]]));
}

export interface Difference {
  field: Field;
  was: Draft[string];
  theirs: Draft[string];
  mine: Draft[string];
}

/** What others changed since a form began, beside what stands in it. */
export function differences(fields: readonly Field[], begin: Draft, theirs: Draft, mine: Draft): Difference[] {
  return fields
    .filter(({ name }) => !same(begin[name], theirs[name]))
    .map((field) => ({
      field,
      was: begin[field.name] ?? '',
      theirs: theirs[field.name] ?? '',
      mine: mine[field.name] ?? '',
    }));
}

/** A form over what is there by now: what was typed stays, the rest is theirs. */
export function rebased(fields: readonly Field[], begin: Draft, theirs: Draft, mine: Draft): Draft {
  const pairs = fields.map(({ name }) => [name, same(begin[name], mine[name]) ? theirs[name] : mine[name]]);
  return Object.fromEntries(pairs) as Draft;
}
