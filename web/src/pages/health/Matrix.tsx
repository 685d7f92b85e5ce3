/** Component sets (newest first) × labs. */
import { useMemo, type CSSProperties } from 'react';
import { Link } from 'react-router';
import type { Health, HealthCell, HealthLab, HealthSet, StageName } from '@/api/types';
import { Counts, ProgressBar } from '@/components/Counts';
import { LabPresence } from '@/components/LabPresence';
import { StatusLabel } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { Versions } from '@/components/Versions';
import { JOB_LOOKS } from '@/format/status';
import { labsInOrder } from './answer';

const STAGE_VERBS: Record<StageName, string> = {
  provision: 'getting its machine',
  prepare: 'preparing',
  test: 'testing',
  collect: 'collecting',
  teardown: 'giving its machine back',
};

function Cell({ cell, lab }: { cell: HealthCell | undefined; lab: HealthLab }) {
  if (!cell) {
    return (
      <span className="rt-cell rt-cell-none" title={`${lab.name} has not run this set`}>
        not run
      </span>
    );
  }
  const look = JOB_LOOKS[cell.status];
  return (
    <Link to={`/jobs/${cell.job_id}`} className={`rt-cell rt-cell-${look.tone}`}>
      <span className="rt-cell-head">
        <span className="pf-v6-screen-reader">{`${lab.name}: `}</span>
        <StatusLabel status={cell.status} />
        {cell.failed_stage && (
          <span className="rt-small">
            in <b>{cell.failed_stage}</b>
          </span>
        )}
      </span>
      {cell.phase === 'running' ? (
        <>
          {!cell.progress && cell.stage && (
            <span className="rt-small rt-muted">{STAGE_VERBS[cell.stage]}…</span>
          )}
          <ProgressBar progress={cell.progress} />
        </>
      ) : (
        cell.phase === 'finished' && <Counts tests={cell.tests} />
      )}
    </Link>
  );
}

interface RowProps {
  set: HealthSet;
  before: HealthSet | undefined;
  labs: readonly HealthLab[];
  latest: boolean;
}

function SetRow({ set, before, labs, latest }: RowProps) {
  return (
    <tr className={latest ? 'rt-latest' : undefined}>
      <th scope="row">
        <Versions components={set.components} before={before?.components} />
        <span className="rt-small rt-muted">
          {latest && <b>newest · </b>}
          <Time at={set.created_at} />
        </span>
      </th>
      {labs.map((lab) => (
        <td key={lab.id} data-lab={lab.name}>
          <Cell cell={set.cells[lab.id]} lab={lab} />
        </td>
      ))}
    </tr>
  );
}

export function Matrix({ health }: { health: Health }) {
  const { sets } = health;
  const labs = useMemo(() => labsInOrder(health), [health]);
  const columns = { '--labs': Math.max(1, labs.length) } as CSSProperties;
  return (
    <div className="rt-matrix-box" tabIndex={0} role="region" aria-label="Component sets and labs">
      <table className="rt-matrix" style={columns}>
        <caption className="pf-v6-screen-reader">
          What each component set did in each lab, newest set first
        </caption>
        <thead>
          <tr>
            <th scope="col" className="rt-matrix-corner">
              Component set
            </th>
            {labs.map((lab) => (
              <th scope="col" key={lab.id}>
                <Link to={`/labs#${lab.id}`} className="rt-lab-name">
                  {lab.name}
                </Link>
                <span className="rt-small rt-muted">{lab.team.name}</span>
                <LabPresence connected={lab.connected} lastSeenAt={lab.last_seen_at} />
              </th>
            ))}
            {labs.length === 0 && <th scope="col">No lab has subscribed</th>}
          </tr>
        </thead>
        <tbody>
          {sets.map((set, at) => (
            <SetRow
              key={set.set_key}
              set={set}
              before={sets[at + 1]}
              labs={labs}
              latest={at === 0}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}
