import { expect, test } from 'vitest';
import { matcherOf } from './matcher';
import { markHits } from './spans';

const text = (q: string) => matcherOf({ q, regex: false, matchCase: false });
const places = (matcher: ReturnType<typeof matcherOf>, line: string) =>
  matcher?.(line).map(({ from, to }) => line.slice(from, to));

test('hits ignore case unless they must not, and do not overlap', () => {
  expect(text('aa')?.('AaaA')).toEqual([{ from: 0, to: 2 }, { from: 2, to: 4 }]);
  expect(places(matcherOf({ q: 'aa', regex: false, matchCase: true }), 'AaaA')).toEqual(['aa']);
  expect(text('a.c')?.('abc')).toEqual([]);
  expect(text('')).toBe(null);
});

test('a pattern marks what fits, an empty fit marks nothing', () => {
  expect(places(matcherOf({ q: 'e\\d+', regex: true, matchCase: false }), 'E12 e7')).toEqual(['E12', 'e7']);
  expect(places(matcherOf({ q: 'x*', regex: true, matchCase: false }), 'axxa')).toEqual(['xx']);
});

test('a pattern that only the server understands marks nothing here', () => {
  expect(matcherOf({ q: '(?P<a>x)(', regex: true, matchCase: false })).toBe(null);
});

test('a hit over the border of two colours is marked in both', () => {
  const pieces = markHits(
    [
      { text: 'FAI', style: { fg: 'ansi-1' } },
      { text: 'LED now', style: {} },
    ],
    text('failed'),
  );
  expect(pieces.map(({ text, hit }) => [text, hit])).toEqual([
    ['FAI', true],
    ['LED', true],
    [' now', false],
  ]);
});

test('text around a hit is kept', () => {
  const pieces = markHits([{ text: 'an error here', style: {} }], text('error'));
  expect(pieces.map((piece) => piece.text)).toEqual(['an ', 'error', ' here']);
});
