/** Failure groups by themselves: what a rule names, what looks alike, what was made one. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { FailureGroup, Id, KnownIssue, Meta, SimilarGroup } from '../types';

/** The groups that a known issue names: others as soon as it has looked at what was there. */
export const namedGroupsQuery = (
  { id: issue, labelled_at, state }: KnownIssue,
  limit: number,
  offset: number,
) =>
  queryOptions({
    queryKey: [...keys.groups, 'named', issue, labelled_at, state, limit, offset],
    queryFn: async ({ signal }) => {
      const answer = await request<{ failure_groups: FailureGroup[]; _meta?: Meta }>(
        '/failure_groups',
        { signal, query: { known_issue: issue, limit, offset } },
      );
      const items = answer.failure_groups;
      return { items, count: answer._meta?.count ?? items.length };
    },
    placeholderData: (before) => before,
  });

export const groupQuery = (id: Id) =>
  queryOptions({
    queryKey: [...keys.groups, id],
    queryFn: async ({ signal }) =>
      (await request<{ failure_group: FailureGroup }>(`/failure_groups/${id}`, { signal }))
        .failure_group,
  });

export const similarQuery = (id: Id) =>
  queryOptions({
    queryKey: [...keys.groups, id, 'similar'],
    queryFn: async ({ signal }) =>
      (
        await request<{ similar: SimilarGroup[] }>(`/failure_groups/${id}/similar`, {
          signal,
          query: { limit: 5 },
        })
      ).similar,
  });

/** Failures of `group` count as those of `into` from then on. */
export async function mergeGroup(group: Id, into: Id): Promise<void> {
  await request<unknown>(`/failure_groups/${group}/merge`, { method: 'POST', body: { into } });
}

export async function unmergeGroup(group: Id): Promise<void> {
  await request<void>(`/failure_groups/${group}/merge`, { method: 'DELETE' });
}
