import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Id, Meta, TestCase, TestFilter, TestsPage } from '../types';

export const TESTS_PAGE = 200;

async function fetchTests(
  jobId: Id,
  filter: TestFilter,
  page: number,
  signal?: AbortSignal,
): Promise<TestsPage> {
  const answer = await request<{
    tests: TestCase[];
    _meta: Meta & Partial<Pick<TestsPage, 'totals' | 'states' | 'retired'>>;
  }>(`/jobs/${jobId}/tests`, {
    signal,
    query: {
      attempt: filter.attempt,
      outcome: filter.outcomes.join(','),
      state: filter.state,
      q: filter.q.trim(),
      limit: TESTS_PAGE,
      offset: page * TESTS_PAGE,
    },
  });
  const { count, totals = {}, states = {}, retired = false } = answer._meta;
  return { tests: answer.tests, count, totals, states, retired };
}

/** One page of a job's test cases; the list asks for the pages it shows, and no others. */
export const testsQuery = (jobId: Id, filter: TestFilter, page: number) =>
  queryOptions({
    queryKey: [...keys.tests(jobId), filter, page],
    queryFn: ({ signal }) => fetchTests(jobId, filter, page, signal),
  });

/** Cases of all pages of a list; of very long ones as many as a sheet can take. */
export async function allTests(jobId: Id, filter: TestFilter, most: number): Promise<TestCase[]> {
  const found: TestCase[] = [];
  for (let page = 0; found.length < most; page += 1) {
    const { tests } = await fetchTests(jobId, filter, page);
    found.push(...tests);
    if (tests.length < TESTS_PAGE) break;
  }
  return found.slice(0, most);
}
