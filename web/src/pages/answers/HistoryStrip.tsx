/** The last runs of a test, oldest first: one glance tells when it broke, and where. */
import { Link } from 'react-router';
import type { HistoryRun, TestRef } from '@/api/types';
import { absolute } from '@/format/time';
import { runAddress, seconds } from './format';

const LETTERS: Record<string, string> = {
  passed: '✓',
  failed: '✗',
  errored: '!',
  skipped: '–',
  xfailed: 'x',
  xpassed: 'X',
  blocked: 'b',
  info: 'i',
};

export function HistoryStrip({ runs, test }: { runs: readonly HistoryRun[]; test: TestRef }) {
  return (
    <ol className="rt-strip" aria-label="Runs, oldest first">
      {[...runs].reverse().map((run) => {
        const text = [
          run.outcome + (run.retried ? ' after another attempt' : ''),
          run.remoteci.name,
          absolute(run.at),
          seconds(run.seconds),
        ].join(' · ');
        return (
          <li key={`${run.file_id} ${run.position}`}>
            <Link
              to={runAddress(run, test)}
              className={`rt-strip-run rt-outcome-${run.outcome}`}
              title={text}
              aria-label={text}
            >
              {LETTERS[run.outcome] ?? '?'}
              {run.retried && <sup aria-hidden="true">2</sup>}
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
