import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Id, Meta, TestCase, TestFilter, TestsPage } from '../types';

export const TESTS_PAGE = 200;

/** One page of a job's test cases; the list asks for the pages it shows, and no others. */
export const testsQuery = (jobId: Id, filter: TestFilter, page: number) =>
  queryOptions({
    queryKey: [...keys.tests(jobId), filter, page],
    queryFn: async ({ signal }): Promise<TestsPage> => {
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
    },
  });
