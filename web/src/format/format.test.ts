import { expect, test } from 'vitest';
import { bytes, plural } from './size';
import { ago, between, duration, toDate, utc } from './time';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

test('times of the wire are UTC although they name no zone', () => {
  expect(toDate('2026-01-15T12:00:00.5').getTime()).toBe(NOW + 500);
  expect(toDate('2026-01-15T12:00:00Z').getTime()).toBe(NOW);
  expect(utc('2026-01-15T12:00:00')).toBe('2026-01-15 12:00:00 UTC');
});

test.each([
  ['2026-01-15T11:59:55', 'just now'],
  ['2026-01-15T11:59:20', '40 seconds ago'],
  ['2026-01-15T11:57:00', '3 minutes ago'],
  ['2026-01-14T11:00:00', 'yesterday'],
  ['2026-01-15T12:02:00', 'in 2 minutes'],
])('%s is %s', (moment, words) => expect(ago(moment, NOW)).toBe(words));

test.each([
  [0, '0 s'],
  [0.0042, '4 ms'],
  [4.25, '4.3 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [3725, '1 h 2 min'],
  [90_000, '1 d 1 h'],
  [-1, '–'],
])('%s seconds read %s', (seconds, words) => expect(duration(seconds)).toBe(words));

test('what has no end goes on until now', () => {
  expect(between('2026-01-15T11:59:00', null, NOW)).toBe(60);
  expect(between('2026-01-15T11:59:00', '2026-01-15T11:59:30', NOW)).toBe(30);
});

test('sizes and counts', () => {
  expect([bytes(12), bytes(1536), bytes(48_000_000)]).toEqual(['12 B', '1.5 KiB', '46 MiB']);
  expect([plural(1, 'job'), plural(2000, 'job')]).toEqual(['1 job', '2,000 jobs']);
});
