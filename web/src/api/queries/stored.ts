/** Any resource of the API, by the name of its list: asked for, made, changed, archived. */
import { queryOptions } from '@tanstack/react-query';
import { ApiError, request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { ConsentRule, Id, ListParams, MachineKey, Matching, Stored } from '../types';

/** `teams` answers `{"teams": […]}`, and one of them is a `team`. */
export interface Source {
  noun: string;
  one: string;
}

type Answer = Record<string, Stored>;

const only = (answer: Answer, one: string): Stored => {
  const found = answer[one];
  if (!found) throw new Error(`The server did not answer with a ${one}.`);
  return found;
};

export const storedListQuery = ({ noun }: Source, params: ListParams) =>
  queryOptions({
    queryKey: [...keys.stored(noun), params],
    queryFn: ({ signal }) => fetchPage<Stored>(`/${noun}`, noun, params, signal),
    placeholderData: (before) => before,
  });

const getStored = async ({ noun, one }: Source, id: Id, signal?: AbortSignal): Promise<Stored> =>
  only(await request<Answer>(`/${noun}/${id}`, { signal }), one);

export const storedQuery = (source: Source, id: Id) =>
  queryOptions({
    queryKey: [...keys.stored(source.noun), id],
    queryFn: ({ signal }) => getStored(source, id, signal),
  });

export async function createStored({ noun, one }: Source, body: object): Promise<Stored> {
  return only(await request<Answer>(`/${noun}`, { method: 'POST', body }), one);
}

/** Somebody else was faster: what is there by now. */
export class ChangedMeanwhile extends Error {
  readonly stored: Stored;

  constructor(stored: Stored) {
    super(`“${stored.name}” was changed meanwhile by somebody else.`);
    this.name = 'ChangedMeanwhile';
    this.stored = stored;
  }
}

const STALE = [404, 409, 412];

/** The server says of an old etag that there is no such thing; that it is there, and another
 * one, tells the two apart. */
async function whyRefused(source: Source, before: Stored, error: unknown): Promise<unknown> {
  if (!(error instanceof ApiError) || !STALE.includes(error.status)) return error;
  const stored = await getStored(source, before.id).catch(() => null);
  return stored && stored.etag !== before.etag ? new ChangedMeanwhile(stored) : error;
}

/** Throws ChangedMeanwhile. */
export async function changeStored(source: Source, before: Stored, body: object): Promise<Stored> {
  const path = `/${source.noun}/${before.id}`;
  try {
    const options = { method: 'PUT', body, etag: before.etag } as const;
    return only(await request<Answer>(path, options), source.one);
  } catch (error) {
    throw await whyRefused(source, before, error);
  }
}

/** Throws ChangedMeanwhile. */
export async function archiveStored(source: Source, before: Stored): Promise<void> {
  try {
    await request<void>(`/${source.noun}/${before.id}`, { method: 'DELETE', etag: before.etag });
  } catch (error) {
    throw await whyRefused(source, before, error);
  }
}

/** What belongs to a thing, as the members of a team. */
export const linkedQuery = (path: string, noun: string) =>
  queryOptions({
    queryKey: [...keys.stored(noun), path],
    queryFn: async ({ signal }) => {
      const answer = await request<Record<string, Stored[]>>(path, { signal });
      return answer[noun] ?? [];
    },
  });

/** One request that joins two things, or parts them. */
export interface Step {
  method: 'POST' | 'DELETE';
  path: string;
  body?: object;
}

export async function take({ method, path, body }: Step): Promise<void> {
  await request<unknown>(path, { method, body });
}

export const machineKeysQuery = (noun: string, id: Id) =>
  queryOptions({
    queryKey: [...keys.stored(noun), id, 'keys'],
    queryFn: async ({ signal }) =>
      (await request<{ keys: MachineKey[] }>(`/${noun}/${id}/keys`, { signal })).keys,
  });

/** The answer holds the secret, once; the old one works for `overlap` seconds more. */
export async function replaceKey(source: Source, stored: Stored, overlap: number): Promise<string> {
  const options = { method: 'PUT', etag: stored.etag, body: { overlap_seconds: overlap } } as const;
  const path = `/${source.noun}/${stored.id}/api_secret`;
  return String(only(await request<Answer>(path, options), source.one).api_secret);
}

export async function endKey(noun: string, id: Id, stored: Stored, key: Id): Promise<void> {
  await request<void>(`/${noun}/${id}/keys/${key}`, { method: 'DELETE', etag: stored.etag });
}

export const matchingQuery = (definition: Id, etag: string) =>
  queryOptions({
    queryKey: [...keys.stored('job_definitions'), definition, 'labs', etag],
    queryFn: async ({ signal }) =>
      (await request<{ matching: Matching }>(`/job_definitions/${definition}/labs`, { signal })).matching,
  });

export const consentQuery = (lab: Id) =>
  queryOptions({
    queryKey: [...keys.stored('remotecis'), lab, 'consent'],
    queryFn: async ({ signal }) =>
      (await request<{ rules: ConsentRule[] }>(`/remotecis/${lab}/consent`, { signal })).rules,
  });

/** The etag is the lab's, which changes with its rules; the answer is the next one. Throws
 * ChangedMeanwhile. */
export async function sayConsent(lab: Stored, etag: string, rules: readonly ConsentRule[]): Promise<string> {
  const options = { method: 'PUT', etag, body: { rules } } as const;
  try {
    const answer = await request<{ _meta: { etag: string } }>(`/remotecis/${lab.id}/consent`, options);
    return answer._meta.etag;
  } catch (error) {
    throw await whyRefused({ noun: 'remotecis', one: 'remoteci' }, { ...lab, etag }, error);
  }
}
