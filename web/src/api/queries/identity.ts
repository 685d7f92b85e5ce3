import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Identity } from '../types';

export const identityQuery = queryOptions({
  queryKey: keys.identity,
  queryFn: async ({ signal }) =>
    (await request<{ identity: Identity }>('/identity', { signal })).identity,
  staleTime: 5 * 60_000,
  retry: false,
});

export async function logIn(name: string, password: string): Promise<Identity> {
  const body = { name, password };
  return (await request<{ identity: Identity }>('/session', { method: 'POST', body })).identity;
}

export async function logOut(): Promise<void> {
  await request<void>('/session', { method: 'DELETE' });
}
