import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Id, Lab, LabRun, Machine, MachineComparison, Named } from '../types';

export const labsQuery = queryOptions({
  queryKey: keys.labs,
  queryFn: async ({ signal }) =>
    (await fetchPage<Lab>('/remotecis', 'remotecis', { limit: 200, offset: 0, sort: 'name' }, signal))
      .items,
});

const MACHINES = 20;

/** The newest inventory of each agent of a lab. */
export const machinesQuery = (lab: Id) =>
  queryOptions({
    queryKey: keys.machines(lab),
    queryFn: async ({ signal }) =>
      (
        await fetchPage<Machine>(
          `/remotecis/${lab}/inventory`,
          'inventories',
          { limit: MACHINES, offset: 0 },
          signal,
        )
      ).items,
  });

/** How a job's machine differs from that of the last good job in its lab. */
export const machineDiffersQuery = (job: Id) =>
  queryOptions({
    queryKey: keys.machineDiffers(job),
    queryFn: async ({ signal }) =>
      (
        await request<{ comparison: MachineComparison }>(`/jobs/${job}/inventory/differences`, {
          signal,
        })
      ).comparison,
  });

/** What waits for an answer of a lab's people. */
export const askedRunsQuery = queryOptions({
  queryKey: [...keys.labRuns, 'asked'],
  queryFn: async ({ signal }) =>
    (
      await fetchPage<LabRun>(
        '/lab_runs',
        'lab_runs',
        { limit: 200, offset: 0, where: [['status', 'asked']] },
        signal,
      )
    ).items.filter((run) => run.status === 'asked'),
});

export async function answerRun(run: Id, answer: 'allow' | 'refuse'): Promise<LabRun> {
  const path = `/lab_runs/${run}/${answer}`;
  return (await request<{ lab_run: LabRun }>(path, { method: 'POST', body: {} })).lab_run;
}

/** What may run of a topic. */
export const definitionsQuery = (topic: Id) =>
  queryOptions({
    queryKey: ['definitions', topic],
    enabled: topic !== '',
    queryFn: async ({ signal }) =>
      (
        await fetchPage<Named>(
          '/job_definitions',
          'job_definitions',
          { limit: 200, offset: 0, where: [['topic_id', topic], ['state', 'active']] },
          signal,
        )
      ).items,
  });

export interface Wish {
  remoteci_id: Id;
  topic_id: Id;
  definition_id: Id;
  comment?: string;
}

export async function runOnLab(wish: Wish): Promise<LabRun> {
  return (await request<{ lab_run: LabRun }>('/lab_runs', { method: 'POST', body: wish })).lab_run;
}
