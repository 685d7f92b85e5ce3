/** Find a test by its name. */
import { useQuery } from '@tanstack/react-query';
import SearchIcon from 'icons/search-icon';
import { useOutletContext } from 'react-router';
import { foundTestsQuery } from '@/api/queries/questions';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { Pager, readPlace } from '@/components/Pager';
import { QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { plural } from '@/format/size';
import type { AnswersContext } from './context';
import { TestName } from './TestName';

export function TestsPage() {
  const { topic } = useOutletContext<AnswersContext>();
  const { params, get } = useAddress();
  const { limit, offset } = readPlace(params);
  const q = get('q');
  const query = useQuery(foundTestsQuery(topic.id, q, limit, offset));
  return (
    <>
      <div className="rt-filters" role="search" aria-label="Find tests">
        <SearchField param="q" label="Part of a suite, class or test name" />
      </div>
      <QueryView query={query}>
        {({ items, count: total }) =>
          items.length === 0 ? (
            <Teach title={q ? 'No test has this in its name' : 'No tests yet'} icon={SearchIcon}>
              {q
                ? 'Any part of the suite, class or test name is found, whatever its case.'
                : 'Every case of every result file of this topic is found here.'}
            </Teach>
          ) : (
            <>
              <div className="rt-answers-head">
                <p className="rt-muted">{plural(total, 'test')}</p>
                <Exports
                  name={`tests-${topic.name}`}
                  json={items}
                  columns={() => [
                    { name: 'id', values: items.map((one) => one.id) },
                    { name: 'suite', values: items.map((one) => one.suite) },
                    { name: 'classname', values: items.map((one) => one.classname) },
                    { name: 'name', values: items.map((one) => one.name) },
                    { name: 'last_seen_at', values: items.map((one) => one.last_seen_at) },
                  ]}
                />
              </div>
              <DataTable label="Tests" busy={query.isFetching} columns={['Test', 'Last seen']}>
                {items.map((test) => (
                  <Row key={test.id}>
                    <Cell label="Test">
                      <TestName test={test} topic={topic.id} />
                    </Cell>
                    <Cell label="Last seen">
                      <Time at={test.last_seen_at} />
                    </Cell>
                  </Row>
                ))}
              </DataTable>
              <Pager count={total} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
