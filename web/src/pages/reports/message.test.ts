import { expect, test } from 'vitest';
import { messageOf } from './message';

test('people read words, programs get data', () => {
  expect(messageOf('hello')).toEqual({ words: 'hello', data: null });
  expect(messageOf({ text: 'it fails', group: {} }).words).toBe('it fails');
  expect(messageOf({ text: { a: 1 } }).words).toBe(null);
  expect(messageOf([1]).data).toBe('[\n  1\n]');
});
