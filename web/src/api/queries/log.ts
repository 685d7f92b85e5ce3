import { address, request } from '../http';
import type { Id, LogMatches, LogPage, Meta } from '../types';

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
  q: string,
  limit: number,
  signal?: AbortSignal,
): Promise<LogMatches> {
  const answer = await request<{
    matches: LogMatches['matches'];
    _meta: Meta & { complete?: boolean };
  }>(`/jobs/${jobId}/log/search`, { query: { attempt, q, limit }, signal });
  return {
    matches: answer.matches,
    count: answer._meta.count,
    complete: answer._meta.complete ?? true,
  };
}

export const logStreamAddress = (jobId: Id, attempt: number, fromLine: number) =>
  address(`/jobs/${jobId}/log/stream`, { attempt, from_line: fromLine });

export const logRawAddress = (jobId: Id, attempt: number) =>
  address(`/jobs/${jobId}/log/raw`, { attempt });
