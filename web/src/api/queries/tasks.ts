/** The files that tell of single tasks: kept, and only what came since is asked for. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Id, JobFile } from '../types';

const PAGE = 200;
const MOST = 20_000;

async function filesSince(
  id: Id,
  since: string | undefined,
  offset: number,
  signal: AbortSignal,
): Promise<JobFile[]> {
  const query = { limit: PAGE, offset, sort: 'created_at', created_after: since };
  return (await request<{ files: JobFile[] }>(`/jobs/${id}/files`, { signal, query })).files;
}

/** Microseconds are left out where there are none, but the parameter wants them. */
function exact(moment: string): string {
  return moment.includes('.') ? moment : `${moment}.000000`;
}

/** All files of a job in the order of time; a refetch reads what was stored since the last one. */
export const tasksQuery = (id: Id, client: QueryClient) =>
  queryOptions({
    queryKey: keys.tasks(id),
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<JobFile[]>(keys.tasks(id)) ?? [];
      const files = new Map(known.map((file) => [file.id, file]));
      const last = known.at(-1);
      const since = last && exact(last.created_at);
      for (let offset = 0; offset < MOST; offset += PAGE) {
        const page = await filesSince(id, since, offset, signal);
        for (const file of page) files.set(file.id, file);
        if (page.length < PAGE) break;
      }
      return [...files.values()];
    },
  });

export const fileQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.file(id),
    queryFn: async ({ signal }) =>
      (await request<{ file: JobFile }>(`/files/${id}`, { signal })).file,
  });
