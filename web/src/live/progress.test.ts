import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { keys } from '@/api/keys';
import type { Health, Job, Page } from '@/api/types';
import { World } from '../../mock/world';
import { applyProgress } from './progress';

const progress = { total: 740, passed: 700, failed: 1, errored: 0, skipped: 0 };

test('live counts reach the job, the lists and the matrix without a request', () => {
  const world = new World();
  const job = world.jobs.find((one) => one.job.phase === 'running')?.job as Job;
  const client = new QueryClient();
  client.setQueryData(keys.job(job.id), job);
  client.setQueryData([...keys.jobs, {}], { items: world.jobs.map((one) => one.job), count: 8 });
  client.setQueryData([...keys.health, 'p', 't'], world.health());
  applyProgress(client, job.id, progress);
  expect(client.getQueryData<Job>(keys.job(job.id))?.progress).toEqual(progress);
  const page = client.getQueryData<Page<Job>>([...keys.jobs, {}]);
  expect(page?.items.find((one) => one.id === job.id)?.progress).toEqual(progress);
  const health = client.getQueryData<Health>([...keys.health, 'p', 't']);
  expect(health?.sets[0]?.cells[job.remoteci_id]?.progress).toEqual(progress);
});

test('late counts do not touch a finished job', () => {
  const job = new World().jobs[0]?.job as Job;
  const client = new QueryClient();
  client.setQueryData(keys.job(job.id), job);
  applyProgress(client, job.id, progress);
  expect(client.getQueryData(keys.job(job.id))).toBe(job);
});
