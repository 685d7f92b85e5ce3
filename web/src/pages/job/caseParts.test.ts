import { expect, test } from 'vitest';
import type { CaseStep } from '@/api/types';
import { fileNameOf, shownSteps } from './caseParts';

const step = (name: string, steps?: CaseStep[]): CaseStep => ({ name, outcome: 'passed', steps });

test('a tree of steps is shown up to a limit, the rest is counted', () => {
  const tree = [step('a', [step('b'), step('c')]), step('d', [step('e')])];
  const { shown, left } = shownSteps(tree, 2);
  expect(shown).toEqual([step('a', [step('b')])]);
  expect(left).toBe(3);
  expect(shownSteps(tree).left).toBe(0);
});

test('an attachment is looked for by its file name', () => {
  expect(['/tmp/run/shot.png', 'file:///x/y.log', 'C:\\run\\z.txt', 'plain'].map(fileNameOf)).toEqual([
    'shot.png',
    'y.log',
    'z.txt',
    'plain',
  ]);
});
