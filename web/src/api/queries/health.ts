import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Health, Id } from '../types';

export const healthQuery = (productId: Id, topicId: Id | null) =>
  queryOptions({
    queryKey: [...keys.health, productId, topicId],
    queryFn: async ({ signal }) =>
      (
        await request<{ health: Health }>(`/products/${productId}/health`, {
          signal,
          query: { topic_id: topicId },
        })
      ).health,
    placeholderData: (before) => (before?.product.id === productId ? before : undefined),
  });
