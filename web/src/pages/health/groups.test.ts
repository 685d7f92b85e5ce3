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
