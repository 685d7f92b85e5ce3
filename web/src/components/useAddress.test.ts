import { expect, test } from 'vitest';
import { withValues } from './useAddress';

const after = (search: string, values: Record<string, string | null>) =>
  withValues(new URLSearchParams(search), values).toString();

test('a value is set, an empty one takes its parameter away, others stay', () => {
  expect(after('lab=a&q=x', { q: 'y', lab: '' })).toBe('q=y');
  expect(after('lab=a', { q: null, type: 'b&c' })).toBe('lab=a&type=b%26c');
});

test('what it was made of stays as it was', () => {
  const params = new URLSearchParams('q=x');
  withValues(params, { q: '' });
  expect(params.get('q')).toBe('x');
});
