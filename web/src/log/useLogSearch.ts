/** Finds text in a log: here when the whole log is here, else at the server. */
import { useEffect, useState } from 'react';
import { searchLog } from '@/api/queries/log';
import type { Id } from '@/api/types';
import type { LogStore } from './LogStore';

export interface Found {
  lines: readonly number[];
  /** False when there are more hits than were looked for. */
  complete: boolean;
  busy: boolean;
  error: Error | null;
}

const NOTHING: Found = { lines: [], complete: true, busy: false, error: null };
const LIMIT = 1000;
const TYPING_MS = 250;

export function useLogSearch(jobId: Id, attempt: number, store: LogStore, q: string): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const needle = q.trim();
  // Live lines are searched as they come, but only where that costs no request.
  const version = store.whole ? store.version : 0;

  useEffect(() => {
    if (!needle) {
      setFound(NOTHING);
      return undefined;
    }
    const abort = new AbortController();
    const look = async () => {
      if (store.whole) {
        const lines = store.search(needle, LIMIT);
        setFound({ lines, complete: lines.length < LIMIT, busy: false, error: null });
        return;
      }
      try {
        const answer = await searchLog(jobId, attempt, needle, LIMIT, abort.signal);
        const lines = answer.matches.map((match) => match.line);
        setFound({ lines, complete: answer.complete, busy: false, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        setFound({ ...NOTHING, error: error instanceof Error ? error : new Error(String(error)) });
      }
    };
    setFound((before) => ({ ...before, busy: true }));
    const timer = setTimeout(() => void look(), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [jobId, attempt, store, needle, version]);

  return found;
}
