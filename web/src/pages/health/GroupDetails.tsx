import { Link } from 'react-router';
import type { FailureGroup, GroupReport } from '@/api/types';
import { CompareLink } from '@/components/CompareLink';
import { CopyButton } from '@/components/CopyButton';
import { DeliveryLabel } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { versionOf } from '@/components/Versions';
import { plural } from '@/format/size';
import { Alike } from './Alike';
import { BlastRadius } from './BlastRadius';
import { KnownAs } from './KnownAs';

function setText(components: FailureGroup['first_seen']['components']): string {
  return components.map((one) => `${one.type} ${versionOf(one)}`).join(' · ');
}

function Facts({ group }: { group: FailureGroup }) {
  const { first_seen: first, last_seen: last, last_good: good } = group;
  return (
    <dl className="rt-facts">
      <div>
        <dt>First seen</dt>
        <dd>
          <Link to={`/jobs/${first.job_id}`}>
            <Time at={first.at} />
          </Link>{' '}
          with {setText(first.components)}
        </dd>
      </div>
      <div>
        <dt>Last seen</dt>
        <dd>
          <Link to={`/jobs/${last.job_id}`}>
            <Time at={last.at} />
          </Link>{' '}
          with {setText(last.components)}
        </dd>
      </div>
      <div>
        <dt>Last good set</dt>
        <dd>
          {good ? (
            <Link to={`/jobs/${good.job_id}`}>{setText(good.components)}</Link>
          ) : (
            <span className="rt-muted">none: no run without it is known</span>
          )}{' '}
          {good && (
            <CompareLink
              topic={group.topic_id}
              left={`job:${good.job_id}`}
              right={`job:${first.job_id}`}
            >
              compare with the first bad
            </CompareLink>
          )}
        </dd>
      </div>
      <div>
        <dt>Labs</dt>
        <dd>
          {group.verdict.labs_run.map((lab) => {
            const hit = group.verdict.labs_hit.some((other) => other.id === lab.id);
            return (
              <span key={lab.id} className={hit ? 'rt-hit' : 'rt-nohit'}>
                <Link to={`/labs#${lab.id}`}>{lab.name}</Link> {hit ? 'hit' : 'not hit'}
              </span>
            );
          })}
          {group.verdict.run > group.verdict.labs_run.length && (
            <span className="rt-muted">
              and {group.verdict.run - group.verdict.labs_run.length} more, below by topic
            </span>
          )}
        </dd>
      </div>
    </dl>
  );
}

function Tests({ group }: { group: FailureGroup }) {
  if (group.tests.length === 0) return null;
  const more = group.tests_count - group.tests.length;
  return (
    <div>
      <h3 className="rt-part">Affected tests ({group.tests_count})</h3>
      <ul className="rt-tests-list">
        {group.tests.map((test) => (
          <li key={`${test.suite}/${test.classname}/${test.name}`}>
            <Link
              to={`/jobs/${group.last_seen.job_id}/tests?q=${encodeURIComponent(test.name)}`}
              title={`${test.suite} ${test.classname}`}
            >
              <span className="rt-muted">{test.classname && `${test.classname} `}</span>
              {test.name}
            </Link>
          </li>
        ))}
      </ul>
      {more > 0 && (
        <Link to={`/jobs/${group.last_seen.job_id}/tests`}>and {plural(more, 'more test')}</Link>
      )}
    </div>
  );
}

function Report({ report }: { report: GroupReport }) {
  const target = typeof report.target === 'string' ? report.target : report.target.name;
  return (
    <li>
      <DeliveryLabel status={report.status} />
      <Link to={`/reports#${report.delivery_id}`}>{target}</Link>
      <span className="rt-muted">{report.channel}</span>
      {report.delivered_at ? <Time at={report.delivered_at} /> : plural(report.attempts, 'attempt')}
    </li>
  );
}

export function GroupDetails({ group }: { group: FailureGroup }) {
  return (
    <div className="rt-group-body">
      <Facts group={group} />
      <KnownAs group={group} />
      <BlastRadius group={group.id} />
      {group.sample?.text && (
        <div>
          <h3 className="rt-part">
            Sample <Link to={`/jobs/${group.sample.job_id}`}>from this job</Link>
            <CopyButton text={group.sample.text} label="Copy the sample" />
          </h3>
          <pre className="rt-sample">{group.sample.text}</pre>
        </div>
      )}
      <Tests group={group} />
      <Alike group={group} />
      <div>
        <h3 className="rt-part">Reports</h3>
        {group.reports.length === 0 ? (
          <p className="rt-muted">No report was sent: no report target watches this topic.</p>
        ) : (
          <ul className="rt-reports">
            {group.reports.map((report) => (
              <Report key={report.delivery_id} report={report} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
