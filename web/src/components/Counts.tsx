/** Test counts of a job: passed, failed, skipped, and what changed since the run before. */
import type { Progress, TestTotals } from '@/api/types';
import { count, plural } from '@/format/size';

export function Counts({ tests }: { tests: TestTotals | null | undefined }) {
  if (!tests || tests.total === 0) return <span className="rt-muted">no test results</span>;
  const bad = tests.failures + tests.errors;
  return (
    <span className="rt-counts" title={`${plural(tests.total, 'test')} in all`}>
      <span className="rt-good">{count(tests.success)} passed</span>
      {bad > 0 && <span className="rt-bad">{count(bad)} failed</span>}
      {tests.skips > 0 && <span className="rt-muted">{count(tests.skips)} skipped</span>}
      {tests.regressions > 0 && (
        <span className="rt-pill rt-pill-bad" title="Passed in the run before">
          +{plural(tests.regressions, 'regression')}
        </span>
      )}
      {tests.successfixes > 0 && (
        <span className="rt-pill rt-pill-good" title="Failed in the run before">
          +{count(tests.successfixes)} fixed
        </span>
      )}
    </span>
  );
}

/** Counts that grow while the job runs. */
export function ProgressBar({ progress }: { progress: Progress | null }) {
  if (!progress) return <div className="rt-progress rt-progress-unknown" aria-hidden="true" />;
  const done = progress.passed + progress.failed + progress.errored + progress.skipped;
  const total = Math.max(progress.total ?? done, done, 1);
  const bad = progress.failed + progress.errored;
  const share = (value: number) => ({ width: `${(100 * value) / total}%` });
  const text = progress.total ? `${count(done)} of ${plural(total, 'test')}` : plural(done, 'test');
  return (
    <div className="rt-progress-box">
      <div
        className="rt-progress"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-label={text}
      >
        <span className="rt-bar-good" style={share(progress.passed)} />
        <span className="rt-bar-bad" style={share(bad)} />
        <span className="rt-bar-quiet" style={share(progress.skipped)} />
      </div>
      <span className="rt-small">
        {text}
        {bad > 0 && <span className="rt-bad"> · {count(bad)} failed</span>}
      </span>
    </div>
  );
}
