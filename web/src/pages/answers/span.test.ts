import { expect, test } from 'vitest';
import { lasting, lengthOf, readSpan, stepFor } from './span';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const span = (search: string) => readSpan(new URLSearchParams(search), NOW);

test('without a word it is the last thirty days', () => {
  expect(span('')).toEqual({ from: '2026-02-14', to: '2026-03-15' });
  expect(lengthOf(span(''))).toBe(30);
});

test('what makes no sense is not believed', () => {
  expect(span('from=yesterday&to=2026-99-99')).toEqual(span(''));
  expect(span('from=2026-03-10&to=2026-03-01')).toEqual({ from: '2026-03-01', to: '2026-03-01' });
});

test('a lab and a team narrow it', () => {
  expect(span('lab=a&team=b')).toMatchObject({ lab: 'a', team: 'b' });
});

test('a length ends where the span ends', () => {
  expect(lasting({ from: '2026-01-01', to: '2026-01-31' }, 7)).toEqual({
    from: '2026-01-25',
    to: '2026-01-31',
  });
});

test('long spans have wide points', () => {
  expect([7, 92, 93, 551].map(stepFor)).toEqual(['day', 'day', 'week', 'month']);
});
