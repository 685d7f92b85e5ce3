/** Which component versions were tested, by how many labs, and how did they do? */
import { useQuery } from '@tanstack/react-query';
import CubesIcon from 'icons/cubes-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Link, useOutletContext } from 'react-router';
import { coverageQuery, type Span } from '@/api/queries/questions';
import type { Id } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { Pager, readPlace } from '@/components/Pager';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { count } from '@/format/size';
import type { AnswersContext } from './context';
import { jobsOf } from './jobsOf';
import { share } from './format';

export function Rate({ value }: { value: number | null }) {
  return (
    <span className="rt-rate">
      <span className={value === null ? 'rt-rate-track rt-rate-none' : 'rt-rate-track'} aria-hidden="true">
        <span className="rt-rate-fill" style={{ width: `${(value ?? 0) * 100}%` }} />
      </span>
      {share(value)}
    </span>
  );
}

const VERSIONS = 'component_type:';

/** The same days by lab: as many rows as there are labs. */
function labsOf(topic: Id, { from, to, lab, team }: Span, component: Id): string {
  const params = new URLSearchParams({ rows: 'remoteci', columns: 'status', query: `components.id:${component}`, from, to });
  if (lab) params.set('lab', lab);
  if (team) params.set('team', team);
  return `/answers/${topic}/statistics?${params.toString()}`;
}

export function CoveragePage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const { params, get, set } = useAddress();
  const { limit, offset } = readPlace(params);
  const type = get('type');
  const query = useQuery(coverageQuery(topic.id, span, type, limit, offset));
  return (
    <>
      {topic.component_types.length > 1 && (
        <div className="rt-span">
        <FormSelect
          aria-label="Component type"
          className="rt-select"
          value={type}
          onChange={(_, chosen) => set({ type: chosen })}
        >
          <FormSelectOption value="" label="All types" />
          {topic.component_types.map((one) => (
            <FormSelectOption key={one} value={one} label={one} />
          ))}
        </FormSelect>
        </div>
      )}
      <QueryView query={query}>
        {({ items, count: total }) =>
          items.length === 0 ? (
            <Teach title="No component was tested in these days" icon={CubesIcon}>
              A component is covered when a job that ran with it sent a result file.
            </Teach>
          ) : (
            <>
              <div className="rt-answers-head">
                <h2>{count(total)} component versions</h2>
                <Exports
                  name={`coverage-${topic.name}`}
                  json={items}
                  columns={() => [
                    { name: 'type', values: items.map((one) => one.component.type) },
                    { name: 'version', values: items.map((one) => one.component.version) },
                    { name: 'name', values: items.map((one) => one.component.display_name) },
                    { name: 'jobs', values: items.map((one) => one.jobs) },
                    { name: 'labs', values: items.map((one) => one.labs) },
                    { name: 'passed', values: items.map((one) => one.passed) },
                    { name: 'failed', values: items.map((one) => one.failed) },
                    { name: 'errored', values: items.map((one) => one.errored) },
                    { name: 'pass_rate', values: items.map((one) => one.pass_rate) },
                  ]}
                />
              </div>
              <DataTable
                label="Covered components"
                busy={query.isFetching}
                columns={['Component', 'Type', 'Pass rate', 'Jobs', 'Labs', 'Failed', 'Cases', 'Last run']}
              >
                {items.map((one) => (
                  <Row key={one.component.id}>
                    <Cell label="Component">
                      <Link to={`/components/${one.component.id}`}>
                        {one.component.display_name}
                      </Link>
                    </Cell>
                    <Cell label="Type">{one.component.type}</Cell>
                    <Cell label="Pass rate">
                      <Rate value={one.pass_rate} />
                    </Cell>
                    <Cell label="Jobs">
                      <Link to={jobsOf('', span, [{ key: VERSIONS, value: one.component.id }]) ?? '/jobs'}>
                        {count(one.jobs)}
                      </Link>
                    </Cell>
                    <Cell label="Labs">
                      <Link to={labsOf(topic.id, span, one.component.id)}>{count(one.labs)}</Link>
                    </Cell>
                    <Cell label="Failed">{count(one.failed + one.errored)}</Cell>
                    <Cell label="Cases">{count(one.total)}</Cell>
                    <Cell label="Last run">
                      <Time at={one.last_at} />
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
