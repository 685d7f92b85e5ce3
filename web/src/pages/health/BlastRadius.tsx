/** Whom does it hit? Labs that have the failure, that passed, and that did not run yet. */
import { useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { useState } from 'react';
import { Link } from 'react-router';
import { radiusQuery } from '@/api/queries/answer';
import type { BlastRadius as Radius, Id, RadiusStatus } from '@/api/types';
import { Bars, QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import { count, plural } from '@/format/size';

const WORDS: Record<RadiusStatus, string> = {
  hit: 'hit',
  passed: 'passed',
  not_run: 'not run yet',
};

export function BlastRadius({ group }: { group: Id }) {
  const [asked, setAsked] = useState(false);
  const query = useQuery({ ...radiusQuery(group), enabled: asked });
  if (!asked) {
    return (
      <Button variant="link" isInline onClick={() => setAsked(true)}>
        Whom else does it hit?
      </Button>
    );
  }
  return (
    <QueryView query={query} loading={<Bars count={2} height="1rem" />}>
      {(radius) => <Shown radius={radius} />}
    </QueryView>
  );
}

function Shown({ radius }: { radius: Radius }) {
  return (
    <div className="rt-radius">
      {radius.topics.map(({ topic, labs, left_out, others, ...counts }) => (
        <section key={topic.id} aria-label={topic.name}>
          <h4>
            <Link to={`/answers/${topic.id}/trend`}>{topic.name}</Link>{' '}
            <span className="rt-muted">
              {count(counts.hit)} hit, {count(counts.passed)} passed, {count(counts.not_run)} not run
              yet
            </span>
          </h4>
          <ul className="rt-radius-labs">
            {labs.map((lab) => (
              <li key={lab.remoteci.id} className={`rt-radius-${lab.status}`}>
                {lab.job_id ? (
                  <Link to={`/jobs/${lab.job_id}`}>{lab.remoteci.name}</Link>
                ) : (
                  lab.remoteci.name
                )}{' '}
                {WORDS[lab.status]} {lab.at && <Time at={lab.at} />}
                {lab.hardware && <span className="rt-muted"> {lab.hardware}</span>}
              </li>
            ))}
          </ul>
          {left_out > 0 && <p className="rt-muted">and {plural(left_out, 'more lab')}</p>}
          {others && <p className="rt-muted">{othersText(others, radius.minimum)}</p>}
        </section>
      ))}
      {radius.hardware.length > 1 && (
        <p className="rt-muted">
          By hardware:{' '}
          {radius.hardware
            .map((one) => `${one.class ?? 'not said'} ${one.hit} of ${one.hit + one.passed}`)
            .join(', ')}
        </p>
      )}
    </div>
  );
}

/** Few teams are never told apart. */
export function othersText(
  { teams_hit: hit, teams_run: run }: { teams_hit: number | null; teams_run: number | null },
  minimum: number,
): string {
  if (run === null) return `Of other teams there are too few to tell (fewer than ${minimum}).`;
  const ran = `${count(run)} teams ran it, yours among them`;
  return hit === null
    ? `${ran}; fewer than ${minimum} are hit.`
    : `${ran}; about ${count(hit)} are hit.`;
}
