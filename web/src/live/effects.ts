/** Which cached answers an event makes old. Pure. */
import { keys } from '@/api/keys';
import type { FeedEvent } from './feed';

export type Key = readonly unknown[];

const LISTS: Key[] = [keys.jobs, keys.health];

/** Prefixes of the answers to ask for again. */
export function staleAfter(event: FeedEvent): Key[] {
  const jobId = typeof event.payload.job_id === 'string' ? event.payload.job_id : null;
  const job: Key[] = jobId ? [keys.job(jobId)] : [];
  switch (event.type) {
    case 'component.published':
      return [keys.components, keys.health, keys.products, keys.topics];
    case 'job.requested':
      return LISTS;
    case 'job.assigned':
    case 'job.claimed':
    case 'job.stage_changed':
    case 'job.changed':
    case 'job.cancel_requested':
    case 'job.lost':
    case 'job.retried':
      return [...job, ...LISTS];
    case 'job.finished':
      return [...job, ...LISTS, ['component']];
    case 'result.recorded':
      return [...job, ...LISTS];
    case 'lab.subscribed':
    case 'lab.seen':
      return [keys.labs, keys.health];
    case 'lab.run_changed':
      return [keys.labRuns];
    case 'failure.grouped':
      return [keys.health, keys.groups];
    case 'report.delivered':
    case 'report.failed':
      return [keys.deliveries, keys.health];
    default:
      return [];
  }
}

/** The same keys once each, without those that a shorter one covers already. */
export function distinct(stale: readonly Key[]): Key[] {
  const texts = new Map(stale.map((key) => [JSON.stringify(key), key]));
  const all = [...texts.values()];
  const covers = (short: Key, long: Key) =>
    short.length < long.length &&
    short.every((part, at) => JSON.stringify(part) === JSON.stringify(long[at]));
  return all.filter((key) => !all.some((other) => covers(other, key)));
}
