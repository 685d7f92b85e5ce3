/** Jobs as columns of a file: what the list shows, and what leads back to them. Pure. */
import type { Job } from '@/api/types';
import type { Column } from '@/charts/export';
import { between, toDate } from '@/format/time';

const seconds = ({ started_at, finished_at }: Job): number | null =>
  started_at && finished_at ? Math.round(between(started_at, finished_at, 0)) : null;

export function jobColumns(jobs: readonly Job[]): Column[] {
  const of = (name: string, value: (job: Job) => string | number | null | undefined): Column => ({
    name,
    values: jobs.map(value),
  });
  return [
    of('id', ({ id }) => id),
    of('name', ({ name }) => name),
    of('status', ({ status }) => status),
    of('lab', ({ remoteci }) => remoteci?.name),
    of('team', ({ team }) => team?.name),
    of('topic', ({ topic }) => topic?.name),
    of('components', ({ components }) => components.map((one) => one.display_name).join(' ')),
    of('tests', ({ tests }) => tests?.total),
    of('failures', ({ tests }) => tests?.failures),
    of('errors', ({ tests }) => tests?.errors),
    of('tags', ({ tags }) => tags.join(' ')),
    of('configuration', ({ configuration }) => configuration),
    of('seconds', seconds),
    of('created', ({ created_at }) => toDate(created_at).toISOString()),
  ];
}
