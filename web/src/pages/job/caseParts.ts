/** Decisions about what a case left behind. Pure. */
import type { CaseStep } from '@/api/types';

/** More steps than these would make one row of the list heavier than all others. */
const MOST_STEPS = 500;

/** The first steps of a tree, parents before their parts, and how many are left out. */
export function shownSteps(
  steps: readonly CaseStep[],
  most = MOST_STEPS,
): { shown: CaseStep[]; left: number } {
  let room = most;
  let left = 0;
  const take = (all: readonly CaseStep[]): CaseStep[] => {
    const shown: CaseStep[] = [];
    for (const step of all) {
      if (room === 0) {
        left += 1;
        take(step.steps ?? []);
        continue;
      }
      room -= 1;
      const parts = take(step.steps ?? []);
      shown.push({ ...step, steps: parts.length ? parts : undefined });
    }
    return shown;
  };
  return { shown: take(steps), left };
}

/** `/tmp/run/shot.png` and `file:///tmp/run/shot.png` end with `shot.png`. */
export function fileNameOf(reference: string): string {
  return reference.split(/[/\\]/).at(-1) ?? '';
}
