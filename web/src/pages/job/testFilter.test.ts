import { expect, test } from 'vitest';
import { withValues } from '@/components/useAddress';
import { filterValues, readTestFilter, toggled } from './testFilter';

const read = (search: string, hasFailures = true) =>
  readTestFilter(new URLSearchParams(search), 1, hasFailures);

test('the tests of a failed job begin with the failed ones', () => {
  expect(read('').outcomes).toEqual(['failed', 'errored']);
  expect(read('', false).outcomes).toEqual([]);
});

test('whoever asks for something else gets that', () => {
  expect(read('outcome=all').outcomes).toEqual([]);
  expect(read('q=upper').outcomes).toEqual([]);
  expect(read('state=recovered')).toMatchObject({ outcomes: [], state: 'recovered' });
  expect(read('outcome=passed,nonsense').outcomes).toEqual(['passed']);
});

test('a filter survives the address', () => {
  const filter = { ...read(''), outcomes: toggled(read('').outcomes, 'errored'), q: 'a&b' };
  const params = withValues(new URLSearchParams('attempt=1'), filterValues(filter));
  expect(read(params.toString())).toEqual(filter);
  expect(filterValues({ ...filter, outcomes: [] }).outcome).toBe('all');
});
