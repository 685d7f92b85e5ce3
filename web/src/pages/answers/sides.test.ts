import { expect, test } from 'vitest';
import { CATEGORIES, readSide, sideText } from './sides';

test('a side is written and read back', () => {
  for (const text of ['job:1', 'lab:x', 'component:c', 'dates:2026-01-01..2026-01-31']) {
    const side = readSide(text);
    expect(side && sideText(side)).toBe(text);
  }
});

test('what is no side is none', () => {
  expect([null, '', 'job', 'job:', 'planet:earth'].map(readSide)).toEqual([
    null, null, null, null, null,
  ]); // prettier-ignore
});

test('every category has a name once', () => {
  expect(new Set(CATEGORIES.map(([category]) => category)).size).toBe(8);
});
