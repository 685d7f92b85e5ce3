import { expect, test } from 'vitest';
import type { Stage } from '@/api/types';
import { firstError } from './firstError';
import { lineHash, parseLineHash } from './lineLink';

test('a line link counts from one', () => {
  expect(parseLineHash('#L120')).toEqual({ first: 119, last: 119 });
  expect(lineHash({ first: 119, last: 119 })).toBe('#L120');
});

test('a range may be written backwards', () => {
  expect(parseLineHash('#L9-L4')).toEqual({ first: 3, last: 8 });
  expect(lineHash({ first: 3, last: 8 })).toBe('#L4-L9');
});

test('other hashes name no line', () => {
  expect(['', '#L0', '#x', '#L1-'].map(parseLineHash)).toEqual([null, null, null, null]);
});

test('the first error is that of the broken stage', () => {
  const marks = (...errors: [string, number][]) => ({
    attempt: 1,
    stages: [],
    steps: [],
    errors: errors.map(([stage, line]) => ({ stage, line, text: 'error' })),
  });
  const broken = { name: 'test', first_line: 20 } as Stage;
  expect(firstError(marks(['prepare', 3], ['test', 40]), broken)).toBe(40);
  expect(firstError(marks(['prepare', 3]), broken)).toBe(20);
  expect(firstError(marks(['collect', 90], ['prepare', 3]), null)).toBe(3);
  expect(firstError(marks(), null)).toBe(null);
});
