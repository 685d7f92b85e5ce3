/** What the server's feed says. */
import type { Id, Moment, Progress } from '@/api/types';

export const EVENT_TYPES = [
  'component.published',
  'job.requested',
  'job.assigned',
  'job.claimed',
  'job.stage_changed',
  'job.changed',
  'job.cancel_requested',
  'job.lost',
  'job.retried',
  'job.finished',
  'result.recorded',
  'lab.subscribed',
  'lab.seen',
  'lab.run_changed',
  'failure.grouped',
  'report.delivered',
  'report.failed',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export interface FeedEvent {
  id: number;
  type: EventType;
  payload: Record<string, unknown>;
  team_id: Id | null;
  topic_id: Id | null;
  created_at: Moment;
}

export interface LiveMove {
  kind: 'progress' | 'log';
  job_id: Id;
  progress?: Progress | null;
}

export type LiveState = 'connecting' | 'open' | 'paused' | 'lost';
