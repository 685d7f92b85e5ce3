import { expect, test } from 'vitest';
import type { Stage } from '@/api/types';
import { Heights } from './heights';
import { RowModel, sectionsOf } from './rows';
import { ScrollSpace, TALLEST } from './scrollSpace';

const LINES = 5_000_000;
const VIEW = 700;
const stages = (['prepare', 'test', 'collect'] as const).map(
  (name, at): Stage => ({
    attempt: 1,
    name,
    status: 'passed',
    started_at: '2026-01-01T00:00:00',
    ended_at: null,
    message: null,
    evidence: null,
    exit_code: null,
    first_line: at * 1_000_000,
  }),
);

function longLog() {
  const model = new RowModel(sectionsOf(stages, LINES), new Set());
  const heights = new Heights(model);
  const space = new ScrollSpace();
  space.resize(heights.total, VIEW);
  const lineAt = (offset: number) => {
    const row = model.row(heights.at(offset));
    return row?.kind === 'line' ? row.line : row?.section.from;
  };
  return { model, heights, space, lineAt };
}

test('rows of five million lines find their places and back', () => {
  const { model, heights } = longLog();
  expect(heights.total).toBe(LINES * 20 + 3 * 34);
  for (const line of [0, 999_999, 1_000_000, 2_500_000, LINES - 1]) {
    const row = model.indexOf(line);
    expect(heights.at(heights.top(row))).toBe(row);
    expect(heights.at(heights.top(row) + heights.height(row) - 1)).toBe(row);
  }
});

test('the element stays low enough for every browser', () => {
  expect(longLog().space.height).toBe(TALLEST);
});

test('the thumb of the scrollbar reaches the first, the middle and the last line', () => {
  const { space, lineAt } = longLog();
  const last = space.height - VIEW;
  space.scrolled(last);
  expect(lineAt(space.offset + VIEW - 1)).toBe(LINES - 1);
  expect(space.isAtEnd).toBe(true);
  space.scrolled(last / 2);
  expect(Math.abs((lineAt(space.offset) ?? 0) - LINES / 2)).toBeLessThan(100);
  space.scrolled(0);
  expect(lineAt(space.offset)).toBe(0);
});

test('every line can be gone to, and stands in the element where it is scrolled to', () => {
  const { space, heights, model, lineAt } = longLog();
  for (const line of [0, 12_345, 1_234_567, 2_499_999, 4_987_654, LINES - 1]) {
    const offset = heights.top(model.indexOf(line));
    const top = space.goTo(offset);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThanOrEqual(space.height - VIEW);
    const inWindow = space.place(offset) - top;
    expect(inWindow).toBeGreaterThanOrEqual(0);
    expect(inWindow).toBeLessThan(VIEW);
    if (line < LINES - 100) expect(lineAt(space.offset)).toBe(line);
  }
});

test('a wheel moves the middle pixel by pixel, and no line is left out', () => {
  const { space, heights, model, lineAt } = longLog();
  let top = space.goTo(heights.top(model.indexOf(2_500_000)));
  for (let turn = 1; turn <= 500; turn += 1) {
    top += 100;
    space.scrolled(top);
    expect(lineAt(space.offset)).toBe(2_500_000 + turn * 5);
    if (turn % 50 !== 0) continue;
    const before = space.offset;
    top = space.settle() ?? top;
    expect(space.offset).toBe(before);
  }
});

test('a wheel gets over the border of the scaled part to the very ends', () => {
  const { space, lineAt } = longLog();
  const border = space.goTo(110_000);
  let top = border;
  while (top > 0) {
    top = Math.max(0, top - 900);
    space.scrolled(top);
    top = space.settle() ?? top;
  }
  expect([space.offset, lineAt(space.offset)]).toEqual([0, 0]);
});

test('a wheel that never rests is told when the scrollbar must catch up', () => {
  const { space } = longLog();
  let top = space.goTo(50_000_000);
  for (let turn = 0; turn < 60; turn += 1) space.scrolled((top += 1000));
  expect(space.hasDrifted).toBe(true);
  const before = space.offset;
  space.settle();
  expect([space.hasDrifted, space.offset]).toEqual([false, before]);
});

test('a log that fits is not scaled at all', () => {
  const space = new ScrollSpace();
  space.resize(400_000, VIEW);
  for (const top of [0, 50, 123_456, 399_300]) {
    space.scrolled(top);
    expect([space.offset, space.settle()]).toEqual([top, null]);
  }
});

test('wrapped lines push those behind them down', () => {
  const { heights, model } = longLog();
  const [one, other] = [model.indexOf(100), model.indexOf(3_000_000)];
  const before = heights.top(other);
  expect(heights.measure(other, 60)).toBe(40);
  expect(heights.measure(one, 100)).toBe(80);
  expect(heights.measure(one, 40)).toBe(-60);
  expect(heights.top(other)).toBe(before + 20);
  expect(heights.top(other + 1)).toBe(before + 20 + 60);
  expect(heights.at(heights.top(other) + 59)).toBe(other);
});
