/** Where to look first: the first line that reads like an error in the stage that broke. Pure. */
import type { LogMarks, Stage } from '@/api/types';

/** The broken stage's error; without one its first line; without a broken stage any error. */
export function firstError({ errors }: LogMarks, broken: Stage | null): number | null {
  const own = errors.find((mark) => mark.stage === broken?.name);
  const first = errors.length ? Math.min(...errors.map((mark) => mark.line)) : null;
  return own?.line ?? broken?.first_line ?? first;
}
