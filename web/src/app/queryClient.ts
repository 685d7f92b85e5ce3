/** How long answers count as fresh, what is tried again, and what a lost session does. */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError, UNREACHABLE, request } from '@/api/http';
import { keys } from '@/api/keys';

const TRIES = 3;

function worthAnotherTry(failures: number, error: Error): boolean {
  if (!(error instanceof ApiError)) return false;
  const passing = error.status === UNREACHABLE || error.status === 429 || error.status >= 500;
  return passing && failures < TRIES;
}

/** 401 means "who are you?" and "you may not" alike: only the identity tells which. */
async function sessionIsGone(): Promise<boolean> {
  try {
    await request('/identity');
    return false;
  } catch (error) {
    return error instanceof ApiError && error.status === 401;
  }
}

export function createQueryClient(onSessionLost: () => void): QueryClient {
  let asking = false;
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      queries: {
        // The live feed says when an answer is old.
        staleTime: 30_000,
        retry: worthAnotherTry,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5_000),
        refetchOnWindowFocus: true,
      },
    },
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (!(error instanceof ApiError) || error.status !== 401) return;
        if (query.queryKey[0] === keys.identity[0]) {
          onSessionLost();
          return;
        }
        if (asking) return;
        asking = true;
        void sessionIsGone()
          .then((gone) => gone && onSessionLost())
          .finally(() => (asking = false));
      },
    }),
  });
  return client;
}
