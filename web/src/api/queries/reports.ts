import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Delivery, Id, ListParams } from '../types';

export const deliveriesQuery = (params: ListParams) =>
  queryOptions({
    queryKey: [...keys.deliveries, params],
    queryFn: ({ signal }) => fetchPage<Delivery>('/deliveries', 'deliveries', params, signal),
    placeholderData: (before) => before,
  });

export async function retryDelivery(id: Id): Promise<void> {
  await request<unknown>(`/deliveries/${id}/retry`, { method: 'POST' });
}
