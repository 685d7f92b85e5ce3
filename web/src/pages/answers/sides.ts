/** The two sides of a comparison, as the address and the API write them. Pure. */
import type { Category } from '@/api/types';

export const KINDS = ['component', 'dates', 'lab', 'job'] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_NAMES: Record<Kind, string> = {
  component: 'Two component versions',
  dates: 'Two times',
  lab: 'Two labs',
  job: 'Two jobs',
};

/** What nobody chose, or no comparison knows, is a comparison of versions. */
export const kindNamed = (text: string): Kind => KINDS.find((one) => one === text) ?? 'component';

export interface Side {
  kind: Kind;
  value: string;
}

/** `job:<id>`, `component:<id>`, `lab:<id>`, `dates:<from>..<to>`; null when it is none. */
export function readSide(text: string | null): Side | null {
  const colon = text?.indexOf(':') ?? -1;
  if (!text || colon < 0) return null;
  const kind = KINDS.find((one) => one === text.slice(0, colon));
  const value = text.slice(colon + 1).trim();
  return kind && value ? { kind, value } : null;
}

export const sideText = ({ kind, value }: Side): string => `${kind}:${value}`;

/** Of one test. */
export const CATEGORY_WORDS: Record<Category, string> = {
  regression: 'regression',
  new_failure: 'new failure',
  still_failing: 'still failing',
  fixed: 'fixed',
  new_pass: 'new pass',
  appeared: 'appeared',
  disappeared: 'disappeared',
  unchanged: 'unchanged',
};

/** In the order in which people want to know. */
export const CATEGORIES: readonly [Category, string, string][] = [
  ['regression', 'Regressions', 'passed on the left, fails on the right'],
  ['new_failure', 'New failures', 'not on the left, fails on the right'],
  ['still_failing', 'Still failing', 'fails on both sides'],
  ['fixed', 'Fixed', 'failed on the left, passes on the right'],
  ['new_pass', 'New passes', 'not on the left, passes on the right'],
  ['appeared', 'Appeared', 'not on the left, on the right without a verdict'],
  ['disappeared', 'Disappeared', 'on the left only'],
  ['unchanged', 'Unchanged', 'as it was'],
];
