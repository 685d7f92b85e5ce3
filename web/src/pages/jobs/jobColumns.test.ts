import { expect, test } from 'vitest';
import { csvOf } from '@/charts/export';
import { World } from '../../../mock/world';
import { jobColumns } from './jobColumns';

test('jobs as a file: one line each, with seconds and times that sheets read', () => {
  const job = new World().jobs.find(({ job }) => job.finished_at)!.job;
  const told = { ...job, started_at: '2026-01-01T00:00:00', finished_at: '2026-01-01T00:01:30.4', created_at: '2026-01-01T00:00:00', tags: ['a', 'b'] };
  const [head, line] = csvOf(jobColumns([told])).split('\r\n');
  const value = (name: string) => line!.split(',')[head!.split(',').indexOf(name)];
  expect([value('seconds'), value('tags'), value('created'), value('id')]).toEqual(['90', 'a b', '2026-01-01T00:00:00.000Z', job.id]);
});
