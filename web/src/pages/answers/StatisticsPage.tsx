/** Jobs by any two keys, and numbers that jobs measured over time. */
import { useQuery } from '@tanstack/react-query';
import TableIcon from 'icons/table-icon';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { useMemo, useState, type FormEvent } from 'react';
import { Link, useOutletContext } from 'react-router';
import { literal } from '@/api/lists';
import { seriesQuery, statisticsQuery, type Span } from '@/api/queries/questions';
import type { KeyValuePoint } from '@/api/types';
import { Chart, type Line } from '@/charts/Chart';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { toDate } from '@/format/time';
import { count } from '@/format/size';
import type { AnswersContext } from './context';
import { Grid } from './Grid';
import { jobsOf } from './jobsOf';
import { QueryBox } from './QueryBox';

const KEYS: Record<string, string> = {
  remoteci: 'Lab',
  team: 'Team',
  status: 'Status',
  name: 'Name of the job',
  configuration: 'Configuration',
  tag: 'Tag',
  day: 'Day (UTC)',
  week: 'Week (UTC)',
  month: 'Month (UTC)',
  product: 'Product',
  topic: 'Topic',
};

export function StatisticsPage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const { get, set } = useAddress();
  const rows = get('rows') || 'remoteci';
  const columns = get('columns') || 'week';
  const asked = get('query') || `topic:${literal(topic.name)}`;
  const keys = [
    ...Object.entries(KEYS),
    ...topic.component_types.map((type) => [`component_type:${type}`, `Version of ${type}`] as const),
  ];
  const query = useQuery(statisticsQuery(rows, columns, asked, span));
  return (
    <>
      <QueryBox value={asked} onChange={(text) => set({ query: text })} />
      <div className="rt-span" role="group" aria-label="Keys">
        {(
          [
            ['rows', rows, 'Rows'],
            ['columns', columns, 'Columns'],
          ] as const
        ).map(([name, value, label]) => (
          <label key={name} className="rt-labelled">
            {label}
            <FormSelect
              className="rt-select"
              value={value}
              onChange={(_, key) => set({ [name]: key })}
              aria-label={label}
            >
              {keys.map(([key, text]) => (
                <FormSelectOption key={key} value={key} label={text} />
              ))}
            </FormSelect>
          </label>
        ))}
      </div>
      <QueryView query={query}>
        {(statistics) =>
          statistics.cells.length === 0 ? (
            <Teach title="No job fits" icon={TableIcon}>
              Words find names; <code>status:failure</code>, <code>since:7d</code> and
              <code> -tags:debug</code> narrow it; days are chosen above.
            </Teach>
          ) : (
            <Grid
              statistics={statistics}
              name={`${rows}-by-${columns}`}
              jobs={(row, column) =>
                jobsOf(asked, span, [
                  ...(row === undefined ? [] : [{ key: rows, value: row }]),
                  ...(column === undefined ? [] : [{ key: columns, value: column }]),
                ])
              }
              // A job with many tags counts under each: no list is as long as their sum.
              isSumOfRows={rows !== 'tag'}
              isSumOfColumns={columns !== 'tag'}
            />
          )
        }
      </QueryView>
      <Series asked={asked} span={span} />
    </>
  );
}

const LINES = ['--rt-busy-fill', '--rt-good-fill', '--rt-warn-fill', '--rt-bad-fill'];

function Series({ asked, span }: { asked: string; span: Span }) {
  const { get, set } = useAddress();
  const key = get('key');
  const [draft, setDraft] = useState(key);
  const query = useQuery(seriesQuery(key, asked, span));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set({ key: draft });
  };
  return (
    <section aria-label="Numbers of jobs">
      <div className="rt-answers-head">
        <h2>A number over time</h2>
      </div>
      <form className="rt-span" onSubmit={submit}>
        <TextInput
          aria-label="Key"
          className="rt-field"
          placeholder="Key that jobs measured, as boot_seconds"
          value={draft}
          onChange={(_, text) => setDraft(text.trim())}
        />
        <Button type="submit" variant="secondary">
          Draw
        </Button>
      </form>
      {key && (
        <QueryView query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="rt-muted">None of these jobs has the key {key}.</p>
            ) : (
              <Drawn name={key} points={items} />
            )
          }
        </QueryView>
      )}
    </section>
  );
}

/** A line per lab. */
function Drawn({ name, points }: { name: string; points: readonly KeyValuePoint[] }) {
  const { at, lines } = useMemo(() => {
    const sorted = [...points].sort((a, b) => a.at.localeCompare(b.at));
    const labs = [...new Map(sorted.map((one) => [one.remoteci.id, one.remoteci.name]))];
    const drawn: Line[] = labs.map(([id, lab], number) => ({
      label: lab,
      color: LINES[number % LINES.length] ?? '--rt-busy-fill',
      kind: 'number',
      values: sorted.map((one) => (one.remoteci.id === id ? one.value : null)),
    }));
    return { at: sorted.map((one) => toDate(one.at).getTime() / 1000), lines: drawn };
  }, [points]);
  const last = points.at(0);
  return (
    <>
      <Chart label={name} at={at} lines={lines} json={points} />
      {last && (
        <p className="rt-muted">
          {count(points.length)} jobs, the newest is{' '}
          <Link to={`/jobs/${last.job_id}/details`}>{last.job_id.slice(0, 8)}</Link>
        </p>
      )}
    </>
  );
}
