import { expect, test } from 'vitest';
import { span } from './Chart';

const DAY = 86_400;

test('one day alone is drawn between its neighbours, more days from end to end', () => {
  expect(span([10 * DAY], 10 * DAY, 1000 * DAY)).toEqual([9 * DAY, 11 * DAY]);
  expect(span([DAY, 5 * DAY], DAY, 5 * DAY)).toEqual([DAY, 5 * DAY]);
});
