/** Why did it fail? What the server found by itself, each thing with a link to its proof. */
import { useQuery } from '@tanstack/react-query';
import { ExpandableSection } from 'pf/ExpandableSection';
import { useState } from 'react';
import { Link, useLocation } from 'react-router';
import { answerQuery } from '@/api/queries/answer';
import type { FirstAnswer as Found, Job } from '@/api/types';
import { CompareLink } from '@/components/CompareLink';
import { Time } from '@/components/Time';
import { count, plural } from '@/format/size';
import { Difference } from '@/pages/health/Difference';
import { KnownIssues } from '@/pages/health/KnownAs';

const FEW = 5;

const mayHaveAnswer = (job: Job): boolean =>
  job.phase === 'finished' && (job.status === 'failure' || job.status === 'error');

/** The answer where it is wanted: who came for a line, or for another tab, must not have to
 * scroll past it. */
export function useFirstAnswer(job: Job): { isWanted: boolean; isLoading: boolean; answer: Found | null } {
  const { pathname, hash } = useLocation();
  const isWanted = !hash.startsWith('#L') && !/\/(?:tests|files|details)$/.test(pathname);
  const { data, isLoading } = useQuery({
    ...answerQuery(job.id),
    enabled: mayHaveAnswer(job) && isWanted,
  });
  return { isWanted, isLoading, answer: isWanted && data && saysSomething(data) ? data : null };
}

export function FirstAnswer({ job }: { job: Job }) {
  const { answer } = useFirstAnswer(job);
  if (!answer) return null;
  return (
    <section className="rt-card rt-why" aria-labelledby="first-answer">
      <h2 id="first-answer">Why it failed</h2>
      <Known answer={answer} />
      <Lines answer={answer} />
      <dl className="rt-facts">
        <Changed job={job} answer={answer} />
        <Failures job={job} answer={answer} />
        <Elsewhere job={job} answer={answer} />
        <Chance job={job} answer={answer} />
      </dl>
      <Steps answer={answer} />
    </section>
  );
}

function saysSomething(answer: Found): boolean {
  return (
    answer.lines.length > 0 ||
    answer.groups.length > 0 ||
    answer.new_failures.count > 0 ||
    answer.components_changed.length > 0 ||
    answer.known_issues.length > 0
  );
}

function Known({ answer }: { answer: Found }) {
  if (answer.known_issues.length === 0) return null;
  return (
    <div className="rt-answer-known">
      <b>Known already:</b>
      <KnownIssues issues={answer.known_issues} />
    </div>
  );
}

/** Lines of the log that good jobs never had. */
function Lines({ answer }: { answer: Found }) {
  const [all, setAll] = useState(false);
  if (answer.lines.length === 0) return null;
  const shown = all ? answer.lines : answer.lines.slice(0, FEW);
  return (
    <>
      <h3>
        {answer.compared_with.length > 0 ? 'Lines that good jobs do not have' : 'Telling lines'}
        {answer.lines.length > 1 && <span className="rt-small rt-muted"> the most telling first</span>}
      </h3>
      <ol className="rt-answer-lines">
        {shown.map((one) => (
          <li key={one.line}>
            <Link
              to={`/jobs/${answer.job_id}/log#L${one.line + 1}`}
              title={one.why.join(', ')}
              className="rt-answer-number"
            >
              {one.line + 1}
            </Link>
            <code>{one.text}</code>
          </li>
        ))}
      </ol>
      {answer.lines.length > FEW && (
        <button type="button" className="rt-more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${answer.lines.length}`}
        </button>
      )}
    </>
  );
}

function Changed({ job, answer }: { job: Job; answer: Found }) {
  if (answer.components_changed.length === 0) return null;
  return (
    <div>
      <dt>Changed since the last good job</dt>
      <dd>
        <Difference changes={answer.components_changed} />
        {answer.compared_with[0] && (
          <CompareLink left={`job:${answer.compared_with[0].job_id}`} right={`job:${job.id}`} topic={job.topic_id}>
            Compare test by test
          </CompareLink>
        )}
      </dd>
    </div>
  );
}

function Failures({ job, answer }: { job: Job; answer: Found }) {
  const { count: total, tests } = answer.new_failures;
  if (total === 0) return null;
  return (
    <div>
      <dt>Newly failing</dt>
      <dd>
        <Link to={`/jobs/${job.id}/tests?state=regressed`}>{plural(total, 'test')}</Link>
        <ul className="rt-answer-tests">
          {tests.slice(0, FEW).map((test) => (
            <li key={test.id}>
              <Link to={`/answers/${job.topic_id}/tests/${test.id}`}>{test.name}</Link>{' '}
              <span className="rt-muted">{test.classname}</span>
            </li>
          ))}
          {total > FEW && <li className="rt-muted">and {count(total - FEW)} more</li>}
        </ul>
      </dd>
    </div>
  );
}

function Elsewhere({ job, answer }: { job: Job; answer: Found }) {
  if (answer.groups.length === 0) return null;
  return (
    <div>
      <dt>Whom it hits</dt>
      <dd>
        <ul className="rt-answer-tests">
          {answer.groups.slice(0, FEW).map((group) => (
            <li key={group.id}>
              <b>{group.verdict.text}</b>:{' '}
              {job.product_id ? (
                <Link to={`/products/${job.product_id}?topic=${job.topic_id}#${group.id}`}>
                  {group.title}
                </Link>
              ) : (
                group.title
              )}
            </li>
          ))}
        </ul>
      </dd>
    </div>
  );
}

function Chance({ job, answer }: { job: Job; answer: Found }) {
  if (answer.flaky.length === 0) return null;
  return (
    <div>
      <dt>Maybe by chance</dt>
      <dd>
        <ul className="rt-answer-tests">
          {answer.flaky.slice(0, FEW).map((test) => (
            <li key={test.id}>
              <Link to={`/answers/${job.topic_id}/tests/${test.id}`}>{test.name}</Link>:{' '}
              {test.evidence.text}
            </li>
          ))}
        </ul>
      </dd>
    </div>
  );
}

function Steps({ answer }: { answer: Found }) {
  return (
    <ExpandableSection toggleText="How this was found">
      {answer.compared_with.length > 0 && (
        <p>
          Compared with{' '}
          {answer.compared_with.map((one, at) => (
            <span key={one.job_id}>
              {at > 0 && ', '}
              <Link to={`/jobs/${one.job_id}`}>
                <Time at={one.at} />
              </Link>{' '}
              <span className="rt-muted">({one.why})</span>
            </span>
          ))}
        </p>
      )}
      <ol className="rt-answer-steps">
        {answer.steps.map((step) => (
          <li key={step.name}>
            <b>{step.name}</b>: {step.found}
            {step.left_out && <span className="rt-muted"> ({step.left_out})</span>}
          </li>
        ))}
      </ol>
    </ExpandableSection>
  );
}
