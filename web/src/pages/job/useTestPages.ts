/** A list of any length: only the pages that are on the screen are asked for. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { TESTS_PAGE, testsQuery } from '@/api/queries/tests';
import type { Id, TestCase, TestFilter, TestsPage } from '@/api/types';

export interface TestPages {
  first: ReturnType<typeof useQuery<TestsPage>>;
  count: number;
  at: (index: number) => TestCase | undefined;
}

export function useTestPages(
  jobId: Id,
  filter: TestFilter,
  visible: readonly [number, number],
): TestPages {
  const first = useQuery({ ...testsQuery(jobId, filter, 0), placeholderData: keepPreviousData });
  const count = first.data?.count ?? 0;
  const from = Math.floor(visible[0] / TESTS_PAGE);
  const to = Math.floor(Math.min(visible[1], Math.max(0, count - 1)) / TESTS_PAGE);
  const pages = Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
  const others = useQueries({
    queries: pages.filter((page) => page > 0).map((page) => testsQuery(jobId, filter, page)),
  });
  const known = new Map<number, TestsPage | undefined>([[0, first.data]]);
  pages
    .filter((page) => page > 0)
    .forEach((page, at) => known.set(page, others[at]?.data));
  return {
    first,
    count,
    at: (index) => known.get(Math.floor(index / TESTS_PAGE))?.tests[index % TESTS_PAGE],
  };
}
