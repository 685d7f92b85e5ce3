import { expect, test } from 'vitest';
import { hitsIn, markHits } from './spans';

test('hits ignore case and do not overlap', () => {
  expect(hitsIn('AaaA', 'aa')).toEqual([0, 2]);
  expect(hitsIn('abc', '')).toEqual([]);
});

test('a hit over the border of two colours is marked in both', () => {
  const pieces = markHits(
    [
      { text: 'FAI', style: { fg: 'ansi-1' } },
      { text: 'LED now', style: {} },
    ],
    'failed',
  );
  expect(pieces.map(({ text, hit }) => [text, hit])).toEqual([
    ['FAI', true],
    ['LED', true],
    [' now', false],
  ]);
});

test('text around a hit is kept', () => {
  const pieces = markHits([{ text: 'an error here', style: {} }], 'error');
  expect(pieces.map((piece) => piece.text)).toEqual(['an ', 'error', ' here']);
});
