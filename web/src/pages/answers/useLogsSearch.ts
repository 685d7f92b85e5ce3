/** One search through the logs of many jobs: what is found is there as soon as it is told. */
import { useEffect, useState } from 'react';
import { requestEvents } from '@/api/http';
import type { Id, LogMatches, LogQuestion, Moment } from '@/api/types';

/** Lines of one job's log; a job may be told of more than once. */
export interface FoundIn {
  job_id: Id;
  name: string | null;
  created_at: Moment;
  attempt: number;
  matches: LogMatches['matches'];
}

interface Ended {
  complete: boolean;
  message: string;
}

export interface LogsFound {
  jobs: readonly FoundIn[];
  /** Lines in all. */
  lines: number;
  progress: { jobs_done: number; jobs: number; bytes: number } | null;
  ended: Ended | null;
  error: Error | null;
}

const NOTHING: LogsFound = { jobs: [], lines: 0, progress: null, ended: null, error: null };

/** What is known after one more event. Pure. */
export function withEvent(found: LogsFound, type: string, data: unknown): LogsFound {
  if (type === 'progress') return { ...found, progress: data as LogsFound['progress'] };
  if (type === 'end') return { ...found, ended: data as Ended };
  if (type !== 'matches') return found;
  const more = data as FoundIn;
  const lines = found.lines + more.matches.length;
  const last = found.jobs.at(-1);
  if (last?.job_id !== more.job_id) return { ...found, lines, jobs: [...found.jobs, more] };
  const grown = { ...last, matches: [...last.matches, ...more.matches] };
  return { ...found, lines, jobs: [...found.jobs.slice(0, -1), grown] };
}

/** Without a text nothing is asked. Another question, or leaving the page, ends the search. */
export function useLogsSearch(question: LogQuestion, query: string): LogsFound {
  const [found, setFound] = useState(NOTHING);
  const { q, regex, matchCase, context } = question;
  useEffect(() => {
    setFound(NOTHING);
    if (!q) return undefined;
    const leaving = new AbortController();
    const asked = {
      query,
      q,
      regex: regex ? 1 : null,
      case: matchCase ? 1 : null,
      context: context || null,
    };
    const listen = async () => {
      for await (const { type, data } of requestEvents('/log_search', asked, leaving.signal)) {
        const told: unknown = JSON.parse(data);
        if (!leaving.signal.aborted) setFound((now) => withEvent(now, type, told));
      }
    };
    listen().catch((error: unknown) => {
      if (!leaving.signal.aborted) setFound((now) => ({ ...now, error: error as Error }));
    });
    return () => leaving.abort();
  }, [q, regex, matchCase, context, query]);
  return found;
}
