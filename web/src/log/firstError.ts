/** Where to look first: the first line that tells of an error in the stage that broke. */
import { searchLog } from '@/api/queries/log';
import type { Id, LogMatch, Stage } from '@/api/types';
import { plainText } from './ansi';

/** What the server is asked for; the search ignores case. */
const SEARCHES = ['Traceback (most recent', 'error', 'failed', 'fatal'];
const LIMIT = 1000;

const TELLING =
  /Traceback \(most recent|\b(?:error|fatal|failed|failure)\b\s*[:!]|\b[A-Z]\w*(?:Error|Exception)\b|^E\s|\bFAILED\b|\bERROR\b/i;
const CALM = /\b(?:PASSED|SKIPPED|XFAIL|ok)\b|\b0 (?:errors?|failed|failures?)\b/;

/** A test called `test_error_pages` that passed tells of no error. */
export function tellsOfError(line: string): boolean {
  const text = plainText(line);
  return TELLING.test(text) && !CALM.test(text);
}

/** The first telling line at or after `from`, else the first one at all. */
export function firstOf(matches: readonly LogMatch[], from: number): number | null {
  const lines = matches.filter((match) => tellsOfError(match.text)).map((match) => match.line);
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
    SEARCHES.map((text) => searchLog(jobId, attempt, text, LIMIT).then((answer) => answer.matches)),
  );
  return firstOf(answers.flat(), broken?.first_line ?? 0) ?? broken?.first_line ?? null;
}
