import { expect, test } from 'vitest';
import { loginAddress, safeNext } from './loginAddress';
import { isDark } from './theme';

test('the way back after a login is kept', () => {
  expect(loginAddress('/jobs?tag=a#x')).toBe('/login?next=%2Fjobs%3Ftag%3Da%23x');
  expect(loginAddress('/')).toBe('/login');
});

test.each([null, '', 'https://elsewhere.example', '//elsewhere.example', '/\\elsewhere', '/login?next=/login'])(
  'after a login %s leads home',
  (next) => expect(safeNext(next)).toBe('/'),
);

test('a path of this site is gone to', () => {
  expect(safeNext('/jobs/1/log#L3')).toBe('/jobs/1/log#L3');
});

test('the choice wins over the system', () => {
  expect([isDark('system', true), isDark('light', true), isDark('dark', false)]).toEqual([true, false, true]);
});
