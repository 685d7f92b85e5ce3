/** Which tests take long, and which have become slower or quicker beyond chance? */
import { useQuery } from '@tanstack/react-query';
import StopwatchIcon from 'icons/stopwatch-icon';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { useOutletContext } from 'react-router';
import { durationsQuery, type DurationSort } from '@/api/queries/questions';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { count } from '@/format/size';
import type { AnswersContext } from './context';
import { factor, seconds } from './format';
import { TestName } from './TestName';

const LIMIT = 50;

export function DurationsPage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const { get, set } = useAddress();
  const sort: DurationSort = get('sort') === 'changed' ? 'changed' : 'slowest';
  const query = useQuery(durationsQuery(topic.id, span, sort, LIMIT));
  return (
    <>
      <ToggleGroup aria-label="Order" className="rt-order">
        <ToggleGroupItem
          text="Slowest"
          buttonId="sort-slowest"
          isSelected={sort === 'slowest'}
          onChange={() => set({ sort: '' })}
        />
        <ToggleGroupItem
          text="Most changed"
          buttonId="sort-changed"
          isSelected={sort === 'changed'}
          onChange={() => set({ sort: 'changed' })}
        />
      </ToggleGroup>
      <QueryView query={query}>
        {({ items, method }) =>
          items.length === 0 ? (
            <Teach title="No durations in these days" icon={StopwatchIcon}>
              Result files say how long each case took; choose more days, or another lab.
            </Teach>
          ) : (
            <>
              <div className="rt-answers-head">
                <p className="rt-muted rt-method">{method}</p>
                <Exports
                  name={`durations-${topic.name}`}
                  json={items}
                  columns={() => [
                    { name: 'id', values: items.map((one) => one.test.id) },
                    { name: 'classname', values: items.map((one) => one.test.classname) },
                    { name: 'name', values: items.map((one) => one.test.name) },
                    { name: 'runs', values: items.map((one) => one.runs) },
                    { name: 'median', values: items.map((one) => one.median) },
                    { name: 'p95', values: items.map((one) => one.p95) },
                    { name: 'before_median', values: items.map((one) => one.before?.median) },
                    { name: 'ratio', values: items.map((one) => one.ratio) },
                    { name: 'p_value', values: items.map((one) => one.p_value) },
                  ]}
                />
              </div>
              <DataTable
                label="Durations of tests"
                busy={query.isFetching}
                columns={['Test', 'Median', '95 % below', 'Runs', 'Median before', 'Change', 'By chance (p)']}
              >
                {items.map((one) => (
                  <Row key={one.test.id}>
                    <Cell label="Test">
                      <TestName test={one.test} topic={topic.id} />
                    </Cell>
                    <Cell label="Median">{seconds(one.median)}</Cell>
                    <Cell label="95 % below">{seconds(one.p95)}</Cell>
                    <Cell label="Runs">{count(one.runs)}</Cell>
                    <Cell label="Median before">{one.before ? seconds(one.before.median) : '–'}</Cell>
                    <Cell label="Change">
                      <span className={changeLook(one.significant, one.ratio)}>
                        {factor(one.ratio)}
                      </span>
                    </Cell>
                    <Cell label="By chance (p)">{one.p_value === null ? '–' : chance(one.p_value)}</Cell>
                  </Row>
                ))}
              </DataTable>
            </>
          )
        }
      </QueryView>
    </>
  );
}

function changeLook(significant: boolean, ratio: number | null): string {
  if (!significant || ratio === null) return 'rt-muted';
  return ratio > 1 ? 'rt-worse' : 'rt-better';
}

/** How likely the change is mere noise. */
function chance(value: number): string {
  return value < 0.001 ? '< 0.001' : value.toFixed(3);
}
