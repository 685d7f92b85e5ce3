/** The files that tell of single tasks: kept, and only what came since is asked for. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import type { Id, JobFile, Meta } from '../types';

const PAGE = 200;
const MOST = 20_000;
const FIELDS = 'id,name,mime,size,md5,jobstate_id,job_id,created_at';

interface Files {
  files: JobFile[];
  _meta?: Meta;
}

/** The first page says how many there are; the others are asked for at once, while it is shown. */
async function filesSince(
  id: Id,
  since: string | undefined,
  signal: AbortSignal,
  onFirst: (files: JobFile[]) => void,
): Promise<JobFile[]> {
  const ask = (offset: number) =>
    request<Files>(`/jobs/${id}/files`, {
      signal,
      query: { limit: PAGE, offset, sort: 'created_at', created_after: since, fields: FIELDS },
    });
  const { files, _meta } = await ask(0);
  onFirst(files);
  const count = Math.min(_meta?.count ?? files.length, MOST);
  const offsets = Array.from({ length: Math.max(0, Math.ceil(count / PAGE) - 1) }, (_, at) => (at + 1) * PAGE);
  const others = await Promise.all(offsets.map(ask));
  return [files, ...others.map((page) => page.files)].flat();
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
      const show = (first: JobFile[]) => {
        if (known.length === 0) client.setQueryData(keys.tasks(id), first);
      };
      for (const file of await filesSince(id, since, signal, show)) files.set(file.id, file);
      return [...files.values()];
    },
  });

export const fileQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.file(id),
    queryFn: async ({ signal }) =>
      (await request<{ file: JobFile }>(`/files/${id}`, { signal })).file,
  });
