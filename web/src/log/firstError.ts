/** Where to look first: the first line that speaks of an error in the stage that broke. */
import type { Id, LogMatch, Stage } from '@/api/types';
import { searchLog } from '@/api/queries/log';

/** Words that tools write when something breaks, most telling first. */
const SIGNS = ['Traceback (most recent call last)', 'FAILED', 'ERROR', 'error:', 'fatal:'];
const LIMIT = 200;

/** The first match at or after the stage's beginning, over all signs. */
export function firstOf(matches: readonly LogMatch[][], from: number): number | null {
  const lines = matches.flatMap((list) => list.map((match) => match.line));
  const inStage = lines.filter((line) => line >= from);
  const best = Math.min(...(inStage.length ? inStage : lines));
  return Number.isFinite(best) ? best : null;
}

/** A line number, else the first line of the broken stage, else null. */
export async function findFirstError(
  jobId: Id,
  attempt: number,
  broken: Stage | null,
): Promise<number | null> {
  const answers = await Promise.all(
    SIGNS.map((sign) => searchLog(jobId, attempt, sign, LIMIT).then((answer) => answer.matches)),
  );
  const start = broken?.first_line ?? 0;
  return firstOf(answers, start) ?? broken?.first_line ?? null;
}
