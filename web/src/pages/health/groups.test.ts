import { expect, test } from 'vitest';
import type { FailureGroup } from '@/api/types';
import { groups } from '../../../mock/triage';
import { bundlesOf } from './bundles';
import { inOrder, matches, readFilter, sinceWords, verdictWords } from './groups';

const [everyone, onlyB] = groups as [FailureGroup, FailureGroup];

test('the verdict is who is hit', () => {
  expect(verdictWords(everyone).big).toBe('Everyone');
  expect(verdictWords(onlyB)).toEqual({ big: 'Only lab-b', small: '1 of 2 labs that ran it' });
  const { verdict } = onlyB;
  expect(verdictWords({ ...onlyB, verdict: { ...verdict, scope: 'only_run' } }).small).toContain('no other lab');
});

test('of many labs the first are named', () => {
  const labs = Array.from({ length: 50 }, (_, at) => ({ id: `${at}`, name: `lab-${at}` }));
  const verdict = { ...onlyB.verdict, scope: 'some_labs' as const, labs_hit: labs };
  const words = (hit: number) => verdictWords({ ...onlyB, verdict: { ...verdict, hit, run: 1942 } });
  expect(words(121)).toEqual({
    big: '121 of 1942 labs',
    small: 'lab-0, lab-1, lab-2, lab-3 and 117 more',
  });
  expect(words(5).small).toBe('lab-0, lab-1, lab-2, lab-3, lab-4');
});

test('since is the version that came with the failure', () => {
  expect(sinceWords(everyone)).toBe('markupsafe 2.1.0');
  expect(sinceWords(onlyB)).toBe('');
});

test('new failures of everyone come first, gone ones last', () => {
  expect(inOrder([onlyB, everyone])).toEqual([everyone, onlyB]);
});

test('failures that read the same are one, whatever the place they break in', () => {
  const elsewhere = { ...onlyB, id: 'other', cases: 9 };
  const bundles = bundlesOf([onlyB, everyone, elsewhere]);
  expect(bundles.map((bundle) => bundle.members.length)).toEqual([2, 1]);
  expect(bundles[0]).toMatchObject({ lead: elsewhere, cases: 15, jobs: 2 });
});

test('filters of the address', () => {
  const shown = (search: string) =>
    groups.filter((group) => matches(group, readFilter(new URLSearchParams(search)))).length;
  expect(['', 'scope=everyone', 'seen=known', 'scope=everyone&seen=known', 'scope=nonsense'].map(shown)).toEqual([2, 1, 1, 0, 2]);
});
