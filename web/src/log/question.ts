/** A log's search, as the address keeps it. Pure. */
import type { LogQuestion } from '@/api/types';
import { withValues } from '@/components/useAddress';

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
  return withValues(params, {
    q: question.q,
    regex: question.regex ? '1' : '',
    case: question.matchCase ? '1' : '',
    context: question.context ? String(question.context) : '',
  });
}
