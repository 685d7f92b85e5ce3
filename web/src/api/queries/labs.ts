import { queryOptions } from '@tanstack/react-query';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Lab } from '../types';

export const labsQuery = queryOptions({
  queryKey: keys.labs,
  queryFn: async ({ signal }) =>
    (await fetchPage<Lab>('/remotecis', 'remotecis', { limit: 200, offset: 0, sort: 'name' }, signal))
      .items,
});
