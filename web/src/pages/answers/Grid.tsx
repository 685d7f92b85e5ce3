/** Jobs by two keys as a table; every count leads to the jobs that it counts. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import type { Statistics, StatisticsCell } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { count } from '@/format/size';

interface GridProps {
  statistics: Statistics;
  name: string;
  /** The list of jobs of a row, a column or both; null where there is none. */
  jobs: (row?: string | null, column?: string | null) => string | null;
  isSumOfRows: boolean;
  isSumOfColumns: boolean;
}

const NONE = 'none';

/** How many jobs, as a way to them. */
function Jobs({ to, many, of }: { to: string | null; many: number; of: string }) {
  const text = count(many);
  return to ? (
    <Link to={to} aria-label={`${text} jobs of ${of}`}>
      {text}
    </Link>
  ) : (
    <span className="rt-muted">{text}</span>
  );
}

export function Grid({ statistics, name, jobs, isSumOfRows, isSumOfColumns }: GridProps) {
  const { rows, columns, cells } = statistics;
  const by = useMemo(() => {
    const found = new Map<string, StatisticsCell>();
    for (const cell of cells) found.set(JSON.stringify([cell.row, cell.column]), cell);
    return found;
  }, [cells]);
  return (
    <>
      <div className="rt-answers-head">
        <h2>Jobs, and how many of them passed</h2>
        <Exports
          name={`jobs-${name}`}
          json={statistics}
          columns={() => [
            { name: 'row', values: cells.map((cell) => cell.row) },
            { name: 'column', values: cells.map((cell) => cell.column) },
            { name: 'jobs', values: cells.map((cell) => cell.jobs) },
            { name: 'success', values: cells.map((cell) => cell.success) },
            { name: 'failure', values: cells.map((cell) => cell.failure) },
            { name: 'error', values: cells.map((cell) => cell.error) },
            { name: 'killed', values: cells.map((cell) => cell.killed) },
          ]}
        />
      </div>
      <DataTable label="Jobs by two keys" columns={['', ...columns.map((column) => column.name ?? NONE)]}>
        {rows.map((row) => (
          <Row key={row.key}>
            <Cell label="">
              <b>{row.name ?? NONE}</b>{' '}
              <Jobs to={isSumOfColumns ? jobs(row.key) : null} many={row.jobs} of={row.name ?? NONE} />
            </Cell>
            {columns.map((column) => (
              <Cell key={column.key} label={column.name ?? NONE}>
                <Square
                  cell={by.get(JSON.stringify([row.key, column.key]))}
                  to={jobs(row.key, column.key)}
                />
              </Cell>
            ))}
          </Row>
        ))}
        {rows.length > 1 && (
          <Row>
            <Cell label="">
              <b>All shown</b>
            </Cell>
            {columns.map((column) => (
              <Cell key={column.key} label={column.name ?? NONE}>
                <Jobs
                  to={isSumOfRows ? jobs(undefined, column.key) : null}
                  many={column.jobs}
                  of={column.name ?? NONE}
                />
              </Cell>
            ))}
          </Row>
        )}
      </DataTable>
    </>
  );
}

function Square({ cell, to }: { cell: StatisticsCell | undefined; to: string | null }) {
  if (!cell) return <span className="rt-muted">–</span>;
  const bad = cell.failure + cell.error;
  const judged = bad + cell.success;
  const text = `${count(cell.jobs)} jobs: ${count(cell.success)} passed, ${count(bad)} did not`;
  const look = `rt-square ${bad ? 'rt-square-bad' : 'rt-square-good'}`;
  const shown = (
    <>
      {judged ? `${Math.round((cell.success / judged) * 100)} %` : '–'}{' '}
      <span className="rt-muted">of {count(cell.jobs)}</span>
    </>
  );
  return to ? (
    <Link to={to} className={look} title={text}>
      {shown}
    </Link>
  ) : (
    <span className={look} title={text}>
      {shown}
    </span>
  );
}
