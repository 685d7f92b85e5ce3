/** Lets the running job of the fake world go on: counts, log lines, an end, and again. */
import type { World } from './world.ts';

const TICK_MS = 700;
const STEP = 23;

export function simulate(world: World): () => void {
  const running = world.jobs.find(({ job }) => job.status === 'running');
  if (!running) return () => undefined;
  const { job, log } = running;
  const all = log.lines;
  log.lines = all.slice(0, 60);
  const timer = setInterval(() => {
    const { progress } = job;
    if (job.phase !== 'running' || !progress?.total) return;
    progress.passed = Math.min(progress.total - 4, progress.passed + STEP);
    if (progress.passed >= progress.total - 4) progress.passed = STEP;
    job.progress = { ...progress };
    log.lines = all.slice(0, Math.min(all.length, log.lines.length + 5));
    world.move({ kind: 'progress', job_id: job.id, progress: job.progress });
    world.move({ kind: 'log', job_id: job.id, progress: job.progress });
  }, TICK_MS);
  return () => clearInterval(timer);
}
