/** Figures of answers as people read them. Pure. */
import type { HistoryRun, TestRef } from '@/api/types';

/** 0.9876 is 98.8 %; what did not run has no rate. */
export function share(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(value > 0.995 && value < 1 ? 2 : 1)} %`;
}

/** Seconds of one test: as many digits as it deserves. */
export function seconds(value: number): string {
  if (value >= 100) return `${Math.round(value)} s`;
  if (value >= 1) return `${value.toFixed(1)} s`;
  return `${Math.max(0, value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms`;
}

/** `×1.50`, or what it means when there was nothing before. */
export function factor(ratio: number | null): string {
  return ratio === null ? '–' : `×${ratio.toFixed(2)}`;
}

/** A run of a test among those of its job. */
export const runAddress = (run: Pick<HistoryRun, 'job_id'>, test: TestRef): string =>
  `/jobs/${run.job_id}/tests?outcome=all&q=${encodeURIComponent(test.name)}`;

/** Where a test stands, without repeating what its class name says already. */
export function place({ suite, classname }: TestRef): string {
  if (!suite || classname.startsWith(suite)) return classname;
  return [suite, classname].filter(Boolean).join(' · ');
}
