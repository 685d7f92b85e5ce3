/** The first answer on a failed job, and whom a failure hits. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { BlastRadius, FirstAnswer, Id } from '../types';

/** Below the job's own key, so that whatever renews the job renews its answer. */
export const answerQuery = (jobId: Id) =>
  queryOptions({
    queryKey: [...keys.job(jobId), 'answer'],
    queryFn: async ({ signal }) =>
      (await request<{ answer: FirstAnswer }>(`/jobs/${jobId}/answer`, { signal })).answer,
  });

export const radiusQuery = (groupId: Id) =>
  queryOptions({
    queryKey: ['blast-radius', groupId],
    queryFn: async ({ signal }) =>
      (
        await request<{ blast_radius: BlastRadius }>(`/failure_groups/${groupId}/blast_radius`, {
          signal,
        })
      ).blast_radius,
  });
