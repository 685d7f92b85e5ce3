import { expect, test } from 'vitest';
import { rowsOf } from './picture';

test('a picture has the head, the first rows, and says how many it leaves out', () => {
  const names = Array.from({ length: 70 }, (_, at) => `test ${at}`);
  const { rows, left } = rowsOf([
    { name: 'name', values: names },
    { name: 'score', values: names.map(() => null) },
  ]);
  expect(rows[0]).toEqual(['name', 'score']);
  expect(rows[1]).toEqual(['test 0', '–']);
  expect(rows.length - 1 + left).toBe(70);
});

test('a long text is cut', () => {
  const { rows } = rowsOf([{ name: 'n', values: ['x'.repeat(500)] }]);
  expect(rows[1]?.[0]?.length).toBeLessThan(60);
});
