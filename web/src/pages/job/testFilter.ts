/** Filters of the tests list, as the address keeps them. Pure. */
import type { CaseState, Outcome, TestFilter } from '@/api/types';
import type { Values } from '@/components/useAddress';

export const OUTCOMES: readonly Outcome[] = [
  'failed',
  'errored',
  'passed',
  'skipped',
  'xfailed',
  'xpassed',
  'blocked',
  'info',
];
export const STATES: readonly CaseState[] = [
  'regressed',
  'recovered',
  'added',
  'removed',
  'unchanged',
];

export const STATE_WORDS: Record<CaseState, { text: string; hint: string }> = {
  regressed: { text: 'regressed', hint: 'Passed in the run before' },
  recovered: { text: 'fixed', hint: 'Failed in the run before' },
  added: { text: 'new test', hint: 'Was not in the run before' },
  removed: { text: 'removed', hint: 'Was in the run before, and is not any more' },
  unchanged: { text: 'unchanged', hint: 'As in the run before' },
  none: { text: '', hint: '' },
};

const ALL = 'all';
const BAD: readonly Outcome[] = ['failed', 'errored'];

/** Who opens the tests of a failed job wants the failed ones: `outcome=all` asks for all. */
export function readTestFilter(
  params: URLSearchParams,
  attempt: number,
  hasFailures: boolean,
): TestFilter {
  const outcome = params.get('outcome');
  const state = STATES.find((known) => known === params.get('state')) ?? null;
  const q = params.get('q') ?? '';
  const words = outcome?.split(',') ?? [];
  const untouched = outcome === null && state === null && q === '';
  return {
    attempt,
    outcomes: untouched && hasFailures ? [...BAD] : OUTCOMES.filter((one) => words.includes(one)),
    state,
    q,
  };
}

/** The parameters of the address that make this filter. */
export const filterValues = ({ outcomes, state, q }: TestFilter): Values => ({
  outcome: outcomes.join(',') || ALL,
  state,
  q,
});

export function toggled(outcomes: readonly Outcome[], outcome: Outcome): Outcome[] {
  return outcomes.includes(outcome)
    ? outcomes.filter((other) => other !== outcome)
    : [...outcomes, outcome];
}
