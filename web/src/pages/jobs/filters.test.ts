import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { whereText } from '@/api/lists';
import { readColumns } from './columns';
import { activeFilters, toListParams, withFilter, withoutFilter } from './filters';

const where = (search: string) => whereText(toListParams(new URLSearchParams(search)).where);

test('all filters of the address are asked for together', () => {
  expect(where('status=failure&lab=l1&tag=a&tag=b&name=jin')).toBe(
    'status:failure,remoteci_id:l1,name:jin*,tags:a,tags:b',
  );
});

test('a free condition is passed on, colons and commas too', () => {
  expect(where('where="configuration:a,b:c"')).toBe('"configuration:a,b:c"');
  expect(whereText([['name', 'say "x", y']])).toBe('"name:say ""x"", y"');
});

test('running means every stage', () => {
  expect(where('status=any-running')).toBe('phase:running');
});

test('a new filter replaces the old one; tags add up', () => {
  const params = new URLSearchParams('status=new&tag=a');
  expect(withFilter(params, 'status', 'error').toString()).toBe('tag=a&status=error');
  expect(withFilter(params, 'tag', ' b ').toString()).toBe('status=new&tag=a&tag=b');
  expect(withFilter(params, 'tag', 'a').getAll('tag')).toEqual(['a']);
});

test('one tag goes, the others stay', () => {
  const params = withoutFilter(new URLSearchParams('tag=a&tag=b'), { param: 'tag', value: 'a' });
  expect(activeFilters(params).map((filter) => filter.value)).toEqual(['b']);
});

test('nonsense in the address does no harm', () => {
  expect(toListParams(new URLSearchParams('limit=7&offset=-3'))).toMatchObject({ limit: 20, offset: 0 });
});

test('stored columns that exist no more are dropped', () => {
  expect(readColumns('created,lab,gone')).toEqual(['lab', 'created']);
  expect(readColumns(null)).toContain('components');
});

test('a line of conditions, as old links have it, is as many filters', () => {
  const params = new URLSearchParams('where=status:error,tags:a&page=3&perPage=50');
  expect(toListParams(params)).toMatchObject({
    where: [
      ['status', 'error'],
      ['tags', 'a'],
    ],
    limit: 50,
    offset: 100,
  });
  const without = withoutFilter(params, { param: 'where', value: 'tags:a' });
  expect(activeFilters(without).map(({ value }) => value)).toEqual(['status:error']);
});

test('a query and other filters are one query', () => {
  expect(toListParams(new URLSearchParams('query=eq(name,a)')).query).toBe('eq(name,a)');
  expect(toListParams(new URLSearchParams('query=eq(name,a)&tag=x y&name=jin&where=url:')).query).toBe(
    '(eq(name,a)) ilike(name,"%jin%") contains(tags,"x y") null(url)',
  );
});

const CASES = JSON.parse(readFileSync('../tests/conformance/queries.json', 'utf8')) as {
  address: string;
  query: string;
}[];

// what the server finds with these queries is tested there
test.each(CASES)('$address asks $query', ({ address, query }) => {
  expect(toListParams(new URLSearchParams(address)).query).toBe(query);
});
