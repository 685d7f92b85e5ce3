/** Which tests change their mind? */
import { useQuery } from '@tanstack/react-query';
import RandomIcon from 'icons/random-icon';
import { useOutletContext, useSearchParams } from 'react-router';
import { flakyQuery } from '@/api/queries/questions';
import type { Flake } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { Pager, readPlace } from '@/components/Pager';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { count } from '@/format/size';
import type { AnswersContext } from './context';
import { share } from './format';
import { TestName } from './TestName';

/** The score with how far it may be off: the less a test ran, the longer the bar. */
export function Interval({ flake }: { flake: Pick<Flake, 'score' | 'low' | 'high'> }) {
  const percent = (value: number) => `${(value * 100).toFixed(2)}%`;
  const text = `${share(flake.score)}, between ${share(flake.low)} and ${share(flake.high)} with 95 % confidence`;
  return (
    <span className="rt-interval" title={text}>
      <span className="rt-interval-text">{share(flake.score)}</span>
      <span className="rt-interval-track" aria-hidden="true">
        <span
          className="rt-interval-range"
          style={{ left: percent(flake.low), width: percent(flake.high - flake.low) }}
        />
        <span className="rt-interval-point" style={{ left: percent(flake.score) }} />
      </span>
      <span className="pf-v6-screen-reader">{text}</span>
    </span>
  );
}

export function FlakyPage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const [params] = useSearchParams();
  const { limit, offset } = readPlace(params);
  const query = useQuery(flakyQuery(topic.id, span, limit, offset));
  return (
    <QueryView query={query}>
      {({ items, count: total, method }) =>
        items.length === 0 ? (
          <Teach title="No flaky test in these days" icon={RandomIcon}>
            A test is suspected when it changes its outcome although no component changed, or when
            only another attempt lets it pass.
          </Teach>
        ) : (
          <>
            <div className="rt-answers-head">
              <h2>{count(total)} tests changed their mind</h2>
              <Exports
                name={`flaky-${topic.name}`}
                json={items}
                columns={() => [
                  { name: 'id', values: items.map((one) => one.test.id) },
                  { name: 'suite', values: items.map((one) => one.test.suite) },
                  { name: 'classname', values: items.map((one) => one.test.classname) },
                  { name: 'name', values: items.map((one) => one.test.name) },
                  { name: 'score', values: items.map((one) => one.score) },
                  { name: 'low', values: items.map((one) => one.low) },
                  { name: 'high', values: items.map((one) => one.high) },
                  { name: 'runs', values: items.map((one) => one.runs) },
                  { name: 'failed', values: items.map((one) => one.failed) },
                  { name: 'unsteady', values: items.map((one) => one.unsteady) },
                  { name: 'flips', values: items.map((one) => one.flips) },
                  { name: 'retried', values: items.map((one) => one.retried) },
                ]}
              />
            </div>
            {method && <p className="rt-muted rt-method">{method}</p>}
            <DataTable
              label="Flaky tests"
              busy={query.isFetching}
              columns={['Test', 'Score', 'Runs', 'Failed', 'Unsteady', 'Retried', 'Last seen']}
            >
              {items.map((flake) => (
                <Row key={flake.test.id}>
                  <Cell label="Test">
                    <TestName test={flake.test} topic={topic.id} />
                  </Cell>
                  <Cell label="Score">
                    <Interval flake={flake} />
                  </Cell>
                  <Cell label="Runs">{count(flake.runs)}</Cell>
                  <Cell label="Failed">{count(flake.failed)}</Cell>
                  <Cell label="Unsteady">{count(flake.unsteady)}</Cell>
                  <Cell label="Retried">{count(flake.retried)}</Cell>
                  <Cell label="Last seen">
                    {flake.last_seen_at ? <Time at={flake.last_seen_at} /> : '–'}
                  </Cell>
                </Row>
              ))}
            </DataTable>
            <Pager count={total} />
          </>
        )
      }
    </QueryView>
  );
}
