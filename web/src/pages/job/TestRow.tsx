import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import { Skeleton } from 'pf/Skeleton';
import { memo } from 'react';
import { Link } from 'react-router';
import type { CaseState, Id, TestCase } from '@/api/types';
import { Time } from '@/components/Time';
import { plural } from '@/format/size';
import { duration } from '@/format/time';
import { AnsiText } from '@/log/AnsiText';
import { textMatcher } from '@/log/matcher';
import { markHits } from '@/log/spans';
import { CaseDetails } from './CaseDetails';
import { OutcomeIcon } from './OutcomeIcon';
import { STATE_WORDS } from './testFilter';

const PILLS: Partial<Record<CaseState, string>> = {
  regressed: 'rt-pill rt-pill-bad',
  recovered: 'rt-pill rt-pill-good',
  added: 'rt-pill',
  removed: 'rt-pill',
};

function StatePill({ state }: { state: CaseState }) {
  const look = PILLS[state];
  if (!look) return null;
  return (
    <span className={look} title={STATE_WORDS[state].hint}>
      {STATE_WORDS[state].text}
    </span>
  );
}

function Since({ test, jobId }: { test: TestCase; jobId: Id }) {
  if (!test.since_job_id) return null;
  if (test.since_job_id === jobId) return <span className="rt-small rt-muted">failing since this job</span>;
  return (
    <span className="rt-small">
      failing since{' '}
      <Link to={`/jobs/${test.since_job_id}/tests?q=${encodeURIComponent(test.name)}`}>
        job {test.since_job_id.slice(0, 8)}
      </Link>{' '}
      <Time at={test.since_at} />
    </span>
  );
}

/** A case that was tried again says so, whatever came of it. */
function Tries({ test }: { test: TestCase }) {
  if (!test.attempts?.length) return null;
  return (
    <span className="rt-pill" title={`Before that: ${test.attempts.map((one) => one.outcome).join(', ')}`}>
      {plural(test.attempts.length + 1, 'try', 'tries')}
    </span>
  );
}

interface Props {
  test: TestCase | undefined;
  jobId: Id;
  topic: Id;
  needle: string;
  open: boolean;
  index: number;
  onToggle: (index: number) => void;
}

/** Scrolling draws the rows that come, not again those that stay. */
export const TestRow = memo(function TestRow(props: Props) {
  const { test, jobId, topic, needle, open, index, onToggle } = props;
  if (!test) {
    return (
      <div className="rt-test">
        <Skeleton width="60%" height="1rem" />
      </div>
    );
  }
  const Angle = open ? AngleDownIcon : AngleRightIcon;
  return (
    <>
      <div className="rt-test">
        <button type="button" className="rt-test-head" aria-expanded={open} data-row onClick={() => onToggle(index)}>
          <Angle className="rt-muted" />
          <OutcomeIcon outcome={test.outcome} />
          <span className="rt-case-name">
            {test.classname && <span className="rt-muted">{test.classname} </span>}
            <AnsiText pieces={markHits([{ text: test.name, style: {} }], textMatcher(needle))} />
          </span>
        </button>
        <Tries test={test} />
        <StatePill state={test.state} />
        <Since test={test} jobId={jobId} />
        <Link
          className="rt-small"
          to={`/answers/${topic}/tests/${test.test_id}`}
          aria-label={`History of ${test.name}`}
        >
          History
        </Link>
        <span className="rt-small rt-muted rt-test-time">{duration(test.time)}</span>
      </div>
      {open && <CaseDetails test={test} jobId={jobId} />}
    </>
  );
});
