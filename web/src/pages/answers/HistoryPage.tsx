/** Since when does this test fail, where, and what changed? */
import { useQuery } from '@tanstack/react-query';
import HistoryIcon from 'icons/history-icon';
import { useMemo } from 'react';
import { Link, useOutletContext, useParams } from 'react-router';
import { historyQuery, type TestHistory } from '@/api/queries/questions';
import type { Id, Sighting } from '@/api/types';
import { Chart, type Line } from '@/charts/Chart';
import { Exports } from '@/charts/Exports';
import { CompareLink } from '@/components/CompareLink';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { useTitle } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { Difference } from '@/pages/health/Difference';
import type { AnswersContext } from './context';
import { Interval } from './FlakyPage';
import { place, runAddress, seconds } from './format';
import { HistoryStrip } from './HistoryStrip';

const RUNS = 100;

function Seen({ label, sighting }: { label: string; sighting: Sighting | null }) {
  return (
    <div className="rt-fact">
      <dt>{label}</dt>
      <dd>
        {sighting ? (
          <>
            <Link to={`/jobs/${sighting.job_id}`}>
              {sighting.components.map((one) => one.display_name).join(', ') || 'a job'}
            </Link>{' '}
            <Time at={sighting.at} />
          </>
        ) : (
          <span className="rt-muted">not in what is kept</span>
        )}
      </dd>
    </div>
  );
}

export function HistoryPage() {
  const { topic, span } = useOutletContext<AnswersContext>();
  const { test = '' } = useParams();
  const query = useQuery(historyQuery(test, topic.id, span, RUNS));
  return (
    <QueryView query={query}>
      {(history) => <History history={history} topic={topic.id} />}
    </QueryView>
  );
}

function History({ history, topic }: { history: TestHistory; topic: Id }) {
  const { test, days, runs, flake, last_good: good, first_bad: bad } = history;
  useTitle(`History: ${test.name}`);
  const at = useMemo(() => days.map(({ day }) => Date.parse(day) / 1000), [days]);
  const lines = useMemo<Line[]>(
    () => [
      { label: 'Failed', color: '--rt-bad-fill', kind: 'count', values: days.map((d) => d.failed + d.errored) },
      { label: 'Passed', color: '--rt-good-fill', kind: 'count', values: days.map((d) => d.passed) },
    ],
    [days],
  );
  return (
    <>
      <h2 className="rt-test-title">{test.name}</h2>
      <p className="rt-muted">{place(test)}</p>
      {runs.length === 0 ? (
        <Teach title="It did not run in these days" icon={HistoryIcon}>
          Choose more days, or another lab.
        </Teach>
      ) : (
        <>
          <HistoryStrip runs={runs} test={test} />
          <dl className="rt-facts">
            <Seen label="Last good" sighting={history.last_good} />
            <Seen label="First bad" sighting={history.first_bad} />
            {good && bad && (
              <div className="rt-fact">
                <dt>What changed in between</dt>
                <dd>
                  <Difference changes={history.difference} />{' '}
                  <CompareLink topic={topic} left={`job:${good.job_id}`} right={`job:${bad.job_id}`}>
                    Compare test by test
                  </CompareLink>
                </dd>
              </div>
            )}
            <div className="rt-fact">
              <dt>Flaky</dt>
              <dd>{flake ? <Interval flake={flake} /> : 'no'}</dd>
            </div>
          </dl>
          {days.length > 1 && <Chart label={`Runs of ${test.name}`} at={at} lines={lines} height={200} />}
          <div className="rt-answers-head">
            <h3>Newest runs</h3>
            <Exports
              name={`history-${test.name}`}
              json={history}
              columns={() => [
                { name: 'at', values: runs.map((run) => run.at) },
                { name: 'job_id', values: runs.map((run) => run.job_id) },
                { name: 'lab', values: runs.map((run) => run.remoteci.name) },
                { name: 'outcome', values: runs.map((run) => run.outcome) },
                { name: 'seconds', values: runs.map((run) => run.seconds) },
                { name: 'component_set', values: runs.map((run) => run.set_key) },
              ]}
            />
          </div>
          <DataTable label="Newest runs" columns={['When', 'Outcome', 'Lab', 'Time', 'Component set']}>
            {runs.map((run) => (
              <Row key={`${run.file_id} ${run.position}`}>
                <Cell label="When">
                  <Link to={runAddress(run, test)}>
                    <Time at={run.at} />
                  </Link>
                </Cell>
                <Cell label="Outcome">
                  <span className={`rt-outcome rt-outcome-${run.outcome}`}>{run.outcome}</span>
                  {run.retried && <span className="rt-muted"> after another attempt</span>}
                </Cell>
                <Cell label="Lab">
                  <Link to={`/labs#${run.remoteci.id}`}>{run.remoteci.name}</Link>
                </Cell>
                <Cell label="Time">{seconds(run.seconds)}</Cell>
                <Cell label="Component set">
                  <Link to={`/jobs?where=set_key:${run.set_key}`} title="Jobs with the same components">
                    <code>{run.set_key.slice(0, 8)}</code>
                  </Link>
                </Cell>
              </Row>
            ))}
          </DataTable>
        </>
      )}
    </>
  );
}
