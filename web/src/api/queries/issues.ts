/** Known issues: rules that name failures. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Id, IssueWords, KnownIssue, ListParams } from '../types';

const PATH = '/known_issues';

interface Answer {
  known_issue: KnownIssue;
}

export const issuesQuery = (params: ListParams) =>
  queryOptions({
    queryKey: [...keys.issues, params],
    queryFn: ({ signal }) => fetchPage<KnownIssue>(PATH, 'known_issues', params, signal),
    placeholderData: (before) => before,
  });

const LOOKS_BACK_MS = 2_000;

export const issueQuery = (id: Id) =>
  queryOptions({
    queryKey: [...keys.issues, id],
    queryFn: async ({ signal }) => (await request<Answer>(`${PATH}/${id}`, { signal })).known_issue,
    // No event says that a rule has looked at everything; it takes seconds.
    refetchInterval: ({ state }) => (state.data && looksBack(state.data) ? LOOKS_BACK_MS : false),
  });

/** It has not seen all the failures that were there before it. */
export const looksBack = ({ state, expired, labelled_at }: KnownIssue): boolean =>
  state === 'active' && !expired && labelled_at === null;

export async function createIssue(words: Partial<IssueWords>): Promise<KnownIssue> {
  return (await request<Answer>(PATH, { method: 'POST', body: words })).known_issue;
}

export type IssueChange = Partial<Omit<IssueWords, 'team_id'>> & Partial<Pick<KnownIssue, 'state'>>;

export async function changeIssue({ id, etag }: KnownIssue, body: IssueChange): Promise<KnownIssue> {
  return (await request<Answer>(`${PATH}/${id}`, { method: 'PUT', body, etag })).known_issue;
}

/** For good, with all that it named. */
export async function removeIssue({ id, etag }: KnownIssue): Promise<void> {
  await request<void>(`${PATH}/${id}`, { method: 'DELETE', etag });
}
