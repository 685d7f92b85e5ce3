/** A log's search, as the address keeps it. Pure. */
import type { LogQuestion } from '@/api/types';

export const CONTEXTS = [0, 1, 2, 5, 10, 20] as const;

export function readQuestion(params: URLSearchParams): LogQuestion {
  const context = Number(params.get('context') ?? 0);
  return {
    q: params.get('q') ?? '',
    regex: params.get('regex') === '1',
    matchCase: params.get('case') === '1',
    context: CONTEXTS.find((known) => known === context) ?? 0,
  };
}

export function writeQuestion(params: URLSearchParams, question: LogQuestion): URLSearchParams {
  const next = new URLSearchParams(params);
  const set = (name: string, value: string) => {
    if (value) next.set(name, value);
    else next.delete(name);
  };
  set('q', question.q);
  set('regex', question.regex ? '1' : '');
  set('case', question.matchCase ? '1' : '');
  set('context', question.context ? String(question.context) : '');
  return next;
}
