import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import BanIcon from 'icons/ban-icon';
import CheckCircleIcon from 'icons/check-circle-icon';
import ExclamationTriangleIcon from 'icons/exclamation-triangle-icon';
import TimesCircleIcon from 'icons/times-circle-icon';
import { Skeleton } from 'pf/Skeleton';
import { Link } from 'react-router';
import type { CaseState, Id, Outcome, TestCase } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { Time } from '@/components/Time';
import { duration } from '@/format/time';
import { parseLine } from '@/log/ansi';
import { AnsiText } from '@/log/AnsiText';
import { markHits } from '@/log/spans';
import { STATE_WORDS } from './testFilter';

const ICONS: Record<Outcome, [typeof BanIcon, string]> = {
  passed: [CheckCircleIcon, 'rt-good'],
  failed: [TimesCircleIcon, 'rt-bad'],
  errored: [ExclamationTriangleIcon, 'rt-warn'],
  skipped: [BanIcon, 'rt-muted'],
  xfailed: [CheckCircleIcon, 'rt-muted'],
  xpassed: [ExclamationTriangleIcon, 'rt-warn'],
  blocked: [BanIcon, 'rt-warn'],
  info: [BanIcon, 'rt-muted'],
};

function OutcomeIcon({ outcome }: { outcome: Outcome }) {
  const [Icon, tone] = ICONS[outcome] ?? ICONS.skipped;
  return (
    <span className={tone} title={outcome}>
      <Icon />
      <span className="pf-v6-screen-reader">{outcome}</span>
    </span>
  );
}

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

function Block({ title, text }: { title: string; text: string | null }) {
  if (!text) return null;
  return (
    <div>
      <h3 className="rt-part">
        {title} <CopyButton text={text} label={`Copy ${title}`} />
      </h3>
      <pre className="rt-sample">
        {text.split('\n').map((line, at) => (
          <span key={at}>
            <AnsiText pieces={parseLine(line).spans} />
            {'\n'}
          </span>
        ))}
      </pre>
    </div>
  );
}

function Details({ test }: { test: TestCase }) {
  const nothing = !test.message && !test.detail && !test.stdout && !test.stderr;
  return (
    <div className="rt-test-details">
      <p className="rt-small rt-muted">
        {[test.suite, test.classname, test.type].filter(Boolean).join(' · ')}
      </p>
      <Block title="Message" text={test.message} />
      <Block title="Detail" text={test.detail} />
      <Block title="Output" text={test.stdout} />
      <Block title="Errors" text={test.stderr} />
      {nothing && <p className="rt-muted">The result file says no more about this test.</p>}
    </div>
  );
}

interface Props {
  test: TestCase | undefined;
  jobId: Id;
  needle: string;
  open: boolean;
  onToggle: () => void;
}

export function TestRow({ test, jobId, needle, open, onToggle }: Props) {
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
        <button type="button" className="rt-test-head" aria-expanded={open} data-row onClick={onToggle}>
          <Angle className="rt-muted" />
          <OutcomeIcon outcome={test.outcome} />
          <span className="rt-test-name">
            {test.classname && <span className="rt-muted">{test.classname} </span>}
            <AnsiText pieces={markHits([{ text: test.name, style: {} }], needle)} />
          </span>
        </button>
        <StatePill state={test.state} />
        <Since test={test} jobId={jobId} />
        <span className="rt-small rt-muted rt-test-time">{duration(test.time)}</span>
      </div>
      {open && <Details test={test} />}
    </>
  );
}
