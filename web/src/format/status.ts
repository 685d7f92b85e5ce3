/** One table for how statuses are named and coloured, everywhere. */
import type { DeliveryStatus, JobStatus, StageStatus } from '@/api/types';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet';

export interface Look {
  label: string;
  tone: Tone;
  /** What it means, in one sentence. */
  hint: string;
}

export const JOB_LOOKS: Record<JobStatus, Look> = {
  new: { label: 'Queued', tone: 'quiet', hint: 'Waits for an agent of its lab' },
  'pre-run': { label: 'Preparing', tone: 'busy', hint: 'The lab prepares its environment' },
  running: { label: 'Testing', tone: 'busy', hint: 'The tests run' },
  'post-run': { label: 'Collecting', tone: 'busy', hint: 'Logs and results are collected' },
  success: { label: 'Passed', tone: 'good', hint: 'Everything passed' },
  failure: { label: 'Failed', tone: 'bad', hint: 'The product or its tests failed' },
  error: { label: 'Errored', tone: 'warn', hint: 'The environment failed, not the product' },
  killed: { label: 'Cancelled', tone: 'quiet', hint: 'Stopped by a person' },
};

export const STAGE_LOOKS: Record<StageStatus | 'waiting', Look> = {
  waiting: { label: 'Waiting', tone: 'quiet', hint: 'Not begun' },
  running: { label: 'Running', tone: 'busy', hint: 'Under way' },
  passed: { label: 'Passed', tone: 'good', hint: 'Went well' },
  failed: { label: 'Failed', tone: 'bad', hint: 'The product or its tests failed' },
  errored: { label: 'Errored', tone: 'warn', hint: 'The environment failed' },
  skipped: { label: 'Skipped', tone: 'quiet', hint: 'Was not needed' },
};

export const DELIVERY_LOOKS: Record<DeliveryStatus, Look> = {
  pending: { label: 'Pending', tone: 'busy', hint: 'Will be sent, or tried again' },
  delivered: { label: 'Delivered', tone: 'good', hint: 'The receiver took it' },
  failed: { label: 'Failed', tone: 'bad', hint: 'Given up after its attempts' },
};

export const JOB_STATUSES = Object.keys(JOB_LOOKS) as JobStatus[];

export function isRunning(status: JobStatus): boolean {
  return JOB_LOOKS[status].tone === 'busy';
}

export function isFinished(status: JobStatus): boolean {
  return ['success', 'failure', 'error', 'killed'].includes(status);
}
