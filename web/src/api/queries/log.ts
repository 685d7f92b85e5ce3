import { queryOptions } from '@tanstack/react-query';
import { address, request } from '../http';
import { keys } from '../keys';
import type { Id, LogMarks, LogMatches, LogPage, LogQuestion, Meta } from '../types';

export async function fetchLog(
  jobId: Id,
  attempt: number,
  fromLine: number,
  limit: number,
): Promise<LogPage> {
  const query = { attempt, from_line: fromLine, limit };
  return (await request<{ log: LogPage }>(`/jobs/${jobId}/log`, { query })).log;
}

export async function searchLog(
  jobId: Id,
  attempt: number,
  { q, regex, matchCase, context }: LogQuestion,
  limit: number,
  signal?: AbortSignal,
): Promise<LogMatches> {
  const answer = await request<{
    matches: LogMatches['matches'];
    _meta: Meta & { complete?: boolean; stopped?: string };
  }>(`/jobs/${jobId}/log/search`, {
    query: {
      attempt,
      q,
      limit,
      regex: regex ? 1 : null,
      case: matchCase ? 1 : null,
      context: context || null,
    },
    signal,
  });
  const { count, complete = true, stopped } = answer._meta;
  return { matches: answer.matches, count, complete, stopped };
}

export const logMarksQuery = (jobId: Id, attempt: number, live: boolean) =>
  queryOptions({
    queryKey: [...keys.job(jobId), 'marks', attempt],
    queryFn: async ({ signal }) =>
      (await request<{ marks: LogMarks }>(`/jobs/${jobId}/log/marks`, { query: { attempt }, signal }))
        .marks,
    // Marks of a log that is over stay as they are.
    staleTime: live ? 0 : Infinity,
  });

export const logStreamAddress = (jobId: Id, attempt: number, fromLine: number) =>
  address(`/jobs/${jobId}/log/stream`, { attempt, from_line: fromLine });

export const logRawAddress = (jobId: Id, attempt: number, encoding?: 'gzip') =>
  address(`/jobs/${jobId}/log/raw`, { attempt, encoding });
