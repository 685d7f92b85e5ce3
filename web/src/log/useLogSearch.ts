/** Finds lines in a log: here when the whole log is here, else at the server. */
import { useEffect, useMemo, useState } from 'react';
import { searchLog } from '@/api/queries/log';
import type { Id, LogMatch, LogQuestion } from '@/api/types';
import type { LogStore } from './LogStore';
import { matcherOf, type Matcher } from './matcher';

export interface Found {
  matches: readonly LogMatch[];
  /** False when there are more hits than were looked for. */
  complete: boolean;
  busy: boolean;
  error: Error | null;
  /** Marks the hits in lines. */
  matcher: Matcher | null;
}

type Answer = Omit<Found, 'matcher'>;

const NOTHING: Answer = { matches: [], complete: true, busy: false, error: null };
const LIMIT = 1000;
const TYPING_MS = 250;

export function useLogSearch(
  jobId: Id,
  attempt: number,
  store: LogStore,
  { q, regex, matchCase, context }: LogQuestion,
): Found {
  const [answer, setAnswer] = useState<Answer>(NOTHING);
  const matcher = useMemo(() => matcherOf({ q, regex, matchCase }), [q, regex, matchCase]);
  // What a pattern means is the server's to say. Live lines are searched as they come, but
  // only where that costs no request.
  const here = store.whole && !regex;
  const version = here ? store.version : 0;

  useEffect(() => {
    if (!q) {
      setAnswer(NOTHING);
      return undefined;
    }
    const abort = new AbortController();
    const look = async () => {
      if (here && matcher) {
        const matches = store.search(matcher, LIMIT, context);
        setAnswer({ matches, complete: matches.length < LIMIT, busy: false, error: null });
        return;
      }
      try {
        const question = { q, regex, matchCase, context };
        const { matches, complete } = await searchLog(jobId, attempt, question, LIMIT, abort.signal);
        setAnswer({ matches, complete, busy: false, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        setAnswer({ ...NOTHING, error: error instanceof Error ? error : new Error(String(error)) });
      }
    };
    setAnswer((before) => ({ ...before, busy: true }));
    const timer = setTimeout(() => void look(), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [jobId, attempt, store, q, regex, matchCase, context, matcher, here, version]);

  return { ...answer, matcher };
}
