/** The person who is logged in: profile, tokens, and what is mailed to it. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Id, Named, Profile, Token } from '../types';

export const profileQuery = queryOptions({
  queryKey: keys.profile,
  queryFn: async ({ signal }) => (await request<{ user: Profile }>('/users/me', { signal })).user,
});

export async function changeProfile(profile: Profile, body: object): Promise<Profile> {
  const options = { method: 'PUT', body, etag: profile.etag } as const;
  return (await request<{ user: Profile }>('/users/me', options)).user;
}

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: async ({ signal }) =>
    (
      await fetchPage<Token>(
        '/tokens',
        'tokens',
        { limit: 200, offset: 0, sort: '-created_at' },
        signal,
      )
    ).items,
});

export interface NewToken {
  name: string;
  scopes: readonly string[];
  expires_at: string;
}

/** The only answer that holds the token itself. */
export async function createToken(body: NewToken): Promise<Token & { token: string }> {
  const options = { method: 'POST', body } as const;
  return (await request<{ token: Token & { token: string } }>('/tokens', options)).token;
}

export async function revokeToken({ id, etag }: Token): Promise<void> {
  await request<void>(`/tokens/${id}`, { method: 'DELETE', etag });
}

export const followedTopicsQuery = queryOptions({
  queryKey: keys.followed,
  queryFn: async ({ signal }) =>
    (await request<{ topics: Named[] }>('/topics/notifications', { signal })).topics,
});

export async function followTopic(id: Id, follow: boolean): Promise<void> {
  await request<unknown>(`/topics/${id}/notifications`, { method: follow ? 'POST' : 'DELETE' });
}

export async function followLab(id: Id, user: Id, follow: boolean): Promise<void> {
  if (follow) await request<unknown>(`/remotecis/${id}/users`, { method: 'POST' });
  else await request<unknown>(`/remotecis/${id}/users/${user}`, { method: 'DELETE' });
}
