import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Job } from '@/api/types';
import { Counts, ProgressBar } from '@/components/Counts';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { StatusLabel } from '@/components/StatusLabel';
import { Time, Took } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { Versions } from '@/components/Versions';
import { COLUMNS, type ColumnId } from './columns';
import { withFilter, type FilterParam } from './filters';

/** Text that filters the list by itself when clicked. */
function Filtering({ param, value, children }: { param: FilterParam; value: string; children: ReactNode }) {
  const { change } = useAddress();
  return (
    <button
      type="button"
      className="rt-filtering"
      title="Show only these"
      onClick={() => change((now) => withFilter(now, param, value), { step: true })}
    >
      {children}
    </button>
  );
}

function content(job: Job, column: ColumnId): ReactNode {
  switch (column) {
    case 'lab':
      return (
        <Filtering param="lab" value={job.remoteci_id}>
          {job.remoteci?.name ?? job.remoteci_id.slice(0, 8)}
        </Filtering>
      );
    case 'topic':
      return (
        <Filtering param="topic" value={job.topic_id}>
          {job.topic?.name ?? job.topic_id.slice(0, 8)}
        </Filtering>
      );
    case 'components':
      return <Versions components={job.components} />;
    case 'tests':
      if (job.phase === 'queued') return '–';
      return job.phase === 'running' ? (
        <ProgressBar progress={job.progress} />
      ) : (
        <Counts tests={job.tests} />
      );
    case 'tags':
      return (
        <span className="rt-tags">
          {job.tags.map((tag) => (
            <Filtering key={tag} param="tag" value={tag}>
              <span className="rt-pill">{tag}</span>
            </Filtering>
          ))}
        </span>
      );
    case 'team':
      return (
        <Filtering param="team" value={job.team_id}>
          {job.team?.name ?? job.team_id.slice(0, 8)}
        </Filtering>
      );
    case 'attempt':
      return job.attempt ? `${job.attempt} of ${job.max_attempts}` : '–';
    case 'configuration':
      return job.configuration ? (
        <Filtering param="where" value={`configuration:${job.configuration}`}>
          {job.configuration}
        </Filtering>
      ) : (
        '–'
      );
    case 'duration':
      return <Took from={job.started_at} to={job.finished_at} />;
    case 'created':
      return <Time at={job.created_at} />;
  }
}

interface Props {
  jobs: readonly Job[];
  columns: readonly ColumnId[];
  busy: boolean;
}

export function JobsTable({ jobs, columns, busy }: Props) {
  const navigate = useNavigate();
  const shown = COLUMNS.filter((column) => columns.includes(column.id));
  return (
    <DataTable
      label="Jobs"
      columns={['Status', 'Job', ...shown.map((column) => column.label)]}
      busy={busy}
    >
      {jobs.map((job) => (
        <Row key={job.id} onOpen={() => void navigate(`/jobs/${job.id}`)}>
          <Cell label="Status">
            <Filtering param="status" value={job.status}>
              <StatusLabel status={job.status} compact />
            </Filtering>
          </Cell>
          <Cell label="Job">
            <Link to={`/jobs/${job.id}`} className="rt-strong">
              {job.name ?? job.id.slice(0, 8)}
            </Link>
          </Cell>
          {shown.map((column) => (
            <Cell key={column.id} label={column.label}>
              {content(job, column.id)}
            </Cell>
          ))}
        </Row>
      ))}
    </DataTable>
  );
}
