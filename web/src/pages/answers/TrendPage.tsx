/** Is it getting better? Pass rate and volume by day. */
import { useQuery } from '@tanstack/react-query';
import ChartLineIcon from 'icons/chart-line-icon';
import { useMemo } from 'react';
import { useOutletContext } from 'react-router';
import { trendQuery } from '@/api/queries/questions';
import type { Topic, TrendPoint } from '@/api/types';
import { Chart, type Line } from '@/charts/Chart';
import { Exports } from '@/charts/Exports';
import { CompareLink } from '@/components/CompareLink';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { count } from '@/format/size';
import { duration } from '@/format/time';
import { share } from './format';
import type { AnswersContext } from './context';
import { dayOf, lengthOf, stepFor } from './span';

function lines(points: readonly TrendPoint[]): Line[] {
  return [
    { label: 'Failed', color: '--rt-bad-fill', kind: 'count', values: points.map((p) => p.failed + p.errored) },
    { label: 'Passed', color: '--rt-good-fill', kind: 'count', values: points.map((p) => p.passed), hidden: true },
    { label: 'Pass rate', color: '--rt-busy-fill', kind: 'share', values: points.map((p) => p.pass_rate) },
  ];
}

export function TrendPage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const query = useQuery(trendQuery(topic.id, span, stepFor(lengthOf(span))));
  return (
    <QueryView query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Teach title="No results in these days" icon={ChartLineIcon}>
            Result files that labs upload are counted here by day. Choose more days, or another lab.
          </Teach>
        ) : (
          <Trend topic={topic} points={items} until={span.to} />
        )
      }
    </QueryView>
  );
}

interface Props {
  topic: Topic;
  points: readonly TrendPoint[];
  until: string;
}

const dayBefore = (day: string) => dayOf(Date.parse(day.slice(0, 10)) - 86_400_000);

/** The days of a point, and of the one before it, as sides of a comparison. */
function sidesOf(points: readonly TrendPoint[], at: number, until: string) {
  const [before, now, after] = [points[at - 1], points[at], points[at + 1]];
  if (!before || !now) return null;
  const last = after ? dayBefore(after.at) : until;
  return {
    left: `dates:${before.at.slice(0, 10)}..${dayBefore(now.at)}`,
    right: `dates:${now.at.slice(0, 10)}..${last}`,
  };
}

function Trend({ topic, points, until }: Props) {
  const { name } = topic;
  const at = useMemo(() => points.map((point) => Date.parse(point.at) / 1000), [points]);
  const drawn = useMemo(() => lines(points), [points]);
  const newestFirst = points.map((point, at) => ({ point, sides: sidesOf(points, at, until) })).reverse();
  return (
    <>
      <Chart label={`Pass rate of ${name}`} at={at} lines={drawn} />
      <div className="rt-answers-head">
        <h2>By day</h2>
        <Exports
          name={`trend-${name}`}
          json={points}
          columns={() => [
            { name: 'day', values: points.map((p) => p.at) },
            { name: 'results', values: points.map((p) => p.results) },
            { name: 'total', values: points.map((p) => p.total) },
            { name: 'passed', values: points.map((p) => p.passed) },
            { name: 'failed', values: points.map((p) => p.failed) },
            { name: 'errored', values: points.map((p) => p.errored) },
            { name: 'skipped', values: points.map((p) => p.skipped) },
            { name: 'pass_rate', values: points.map((p) => p.pass_rate) },
            { name: 'seconds', values: points.map((p) => p.seconds) },
          ]}
        />
      </div>
      <DataTable
        label={`Results of ${name}`}
        columns={['From day (UTC)', 'Pass rate', 'Passed', 'Failed', 'Skipped', 'Newly failing', 'Recovered', 'Files', 'Time in tests']}
      >
        {newestFirst.map(({ point, sides }) => (
          <Row key={point.at}>
            <Cell label="From day (UTC)">{point.at.slice(0, 10)}</Cell>
            <Cell label="Pass rate">{share(point.pass_rate)}</Cell>
            <Cell label="Passed">{count(point.passed)}</Cell>
            <Cell label="Failed">{count(point.failed + point.errored)}</Cell>
            <Cell label="Skipped">{count(point.skipped)}</Cell>
            <Cell label="Newly failing">
              {sides && point.regressed > 0 ? (
                <CompareLink topic={topic.id} {...sides} category="regression">
                  {count(point.regressed)}
                </CompareLink>
              ) : (
                count(point.regressed)
              )}
            </Cell>
            <Cell label="Recovered">{count(point.recovered)}</Cell>
            <Cell label="Files">{count(point.results)}</Cell>
            <Cell label="Time in tests">{duration(point.seconds)}</Cell>
          </Row>
        ))}
      </DataTable>
    </>
  );
}
