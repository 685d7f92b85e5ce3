import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Hold, Id } from '../types';

export const holdsQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.holds(id),
    queryFn: async ({ signal }) =>
      (await request<{ holds: Hold[] }>(`/jobs/${id}/holds`, { signal })).holds,
  });

export async function extendHold(id: Id, hours: number): Promise<Hold> {
  const body = { hours };
  return (await request<{ hold: Hold }>(`/jobs/${id}/hold/extend`, { method: 'POST', body })).hold;
}

export async function releaseHold(id: Id): Promise<Hold> {
  return (await request<{ hold: Hold }>(`/jobs/${id}/hold/release`, { method: 'POST' })).hold;
}
