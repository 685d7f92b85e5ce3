import { queryOptions } from '@tanstack/react-query';
import { address, request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Attempt, Id, Job, JobFile, JobState, ListParams, ResultFile, Stage } from '../types';

const ALL = { limit: 200, offset: 0 };

export const jobsQuery = (params: ListParams) =>
  queryOptions({
    queryKey: [...keys.jobs, params],
    queryFn: ({ signal }) => fetchPage<Job>('/jobs', 'jobs', params, signal),
    placeholderData: (before) => before,
  });

export const jobQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.job(id),
    queryFn: async ({ signal }) => (await request<{ job: Job }>(`/jobs/${id}`, { signal })).job,
  });

export const stagesQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.stages(id),
    queryFn: async ({ signal }) =>
      (await request<{ stages: Stage[] }>(`/jobs/${id}/stages`, { signal })).stages,
  });

export const attemptsQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.attempts(id),
    queryFn: async ({ signal }) =>
      (await request<{ attempts: Attempt[] }>(`/jobs/${id}/attempts`, { signal })).attempts,
  });

export const resultsQuery = (id: Id, attempt: number) =>
  queryOptions({
    queryKey: [...keys.results(id), attempt],
    queryFn: async ({ signal }) =>
      (
        await request<{ results: ResultFile[] }>(`/jobs/${id}/results`, {
          signal,
          query: { attempt },
        })
      ).results,
    enabled: attempt > 0,
  });

export const statesQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.states(id),
    queryFn: async ({ signal }) =>
      (
        await request<{ jobstates: JobState[] }>(`/jobs/${id}/jobstates`, {
          signal,
          // Each state would come with all of its files.
          query: { ...ALL, sort: 'created_at', fields: 'id,status,comment,created_at' },
        })
      ).jobstates,
  });

export const filesQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.files(id),
    queryFn: async ({ signal }) =>
      (await fetchPage<JobFile>(`/jobs/${id}/files`, 'files', { ...ALL, sort: 'name' }, signal))
        .items,
  });

/** Some files of a job as one archive. */
export const zipAddress = (id: Id, files: readonly Id[]) =>
  address(`/jobs/${id}/files/zip`, { ids: files.join(',') });

export async function cancelJob(id: Id): Promise<Job> {
  return (await request<{ job: Job }>(`/jobs/${id}/cancel`, { method: 'POST' })).job;
}

export async function retryJob(id: Id): Promise<Job> {
  return (await request<{ job: Job }>(`/jobs/${id}/retry`, { method: 'POST' })).job;
}
