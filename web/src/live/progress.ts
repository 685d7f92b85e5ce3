/** Puts live counts straight into cached answers: no request per movement. */
import type { QueryClient } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import type { Health, Id, Job, Page, Progress } from '@/api/types';

export function withProgress(job: Job, progress: Progress): Job {
  return job.phase === 'finished' ? job : { ...job, progress };
}

export function pageWithProgress(page: Page<Job>, jobId: Id, progress: Progress): Page<Job> {
  if (!page.items.some((job) => job.id === jobId)) return page;
  const items = page.items.map((job) => (job.id === jobId ? withProgress(job, progress) : job));
  return { ...page, items };
}

export function healthWithProgress(health: Health, jobId: Id, progress: Progress): Health {
  let touched = false;
  const sets = health.sets.map((set) => {
    const hit = Object.entries(set.cells).find(([, cell]) => cell.job_id === jobId);
    if (!hit || hit[1].phase === 'finished') return set;
    touched = true;
    return { ...set, cells: { ...set.cells, [hit[0]]: { ...hit[1], progress } } };
  });
  return touched ? { ...health, sets } : health;
}

export function applyProgress(client: QueryClient, jobId: Id, progress: Progress): void {
  client.setQueryData<Job>(keys.job(jobId), (job) => job && withProgress(job, progress));
  client.setQueriesData<Page<Job>>({ queryKey: keys.jobs }, (page) =>
    page ? pageWithProgress(page, jobId, progress) : page,
  );
  client.setQueriesData<Health>({ queryKey: keys.health }, (health) =>
    health ? healthWithProgress(health, jobId, progress) : health,
  );
}
