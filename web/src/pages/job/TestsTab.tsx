import { useQuery } from '@tanstack/react-query';
import ArchiveIcon from 'icons/archive-icon';
import FlaskIcon from 'icons/flask-icon';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { resultsQuery } from '@/api/queries/jobs';
import type { Job, TestCase } from '@/api/types';
import { allTests } from '@/api/queries/tests';
import { Exports } from '@/charts/Exports';
import type { Column } from '@/charts/export';
import { TableFoot } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { count } from '@/format/size';
import { useJob } from './context';
import { ParserWarnings } from './ParserWarnings';
import { filterValues, readTestFilter } from './testFilter';
import { TestFilters } from './TestFilters';
import { TestList } from './TestList';
import { useTestPages } from './useTestPages';

/** More are asked for with the command line, or taken from the result file itself. */
const MOST_IN_FILE = 20_000;

const testColumns = (cases: readonly TestCase[]): Column[] => [
  { name: 'outcome', values: cases.map(({ outcome }) => outcome) },
  { name: 'change', values: cases.map(({ state }) => state) },
  { name: 'class', values: cases.map(({ classname }) => classname) },
  { name: 'name', values: cases.map(({ name }) => name) },
  { name: 'suite', values: cases.map(({ suite }) => suite) },
  { name: 'seconds', values: cases.map(({ time }) => time) },
  { name: 'type', values: cases.map(({ type }) => type) },
  { name: 'message', values: cases.map(({ message }) => message) },
];

export function TestsTab() {
  const { job, attempt } = useJob();
  const { params, set } = useAddress();
  const hasFailures = (job.tests?.failures ?? 0) + (job.tests?.errors ?? 0) > 0;
  const filter = useMemo(
    () => readTestFilter(params, attempt, hasFailures),
    [params, attempt, hasFailures],
  );
  const [visible, setVisible] = useState<readonly [number, number]>([0, 0]);
  const results = useQuery(resultsQuery(job.id, attempt));
  const pages = useTestPages(job.id, filter, visible);

  return (
    <section aria-label="Tests">
      <ParserWarnings results={results.data ?? []} />
      <QueryView query={pages.first}>
        {(page) =>
          page.count === 0 && !Object.values(page.totals).some(Boolean) && !filter.q ? (
            <Nothing job={job} retired={page.retired} />
          ) : (
            <>
              <TestFilters
                totals={page.totals}
                states={page.states}
                count={page.count}
                filter={filter}
                onChange={(next) => set(filterValues(next))}
              />
              {page.count === 0 ? (
                <p className="rt-calm">No test fits these filters.</p>
              ) : (
                <>
                  <TestList
                    key={JSON.stringify(filter)}
                    jobId={job.id}
                    topic={job.topic_id}
                    pages={pages}
                    needle={filter.q}
                    onVisible={setVisible}
                  />
                  <TableFoot>
                    {page.count > MOST_IN_FILE && (
                      <span className="rt-muted rt-small">The first {count(MOST_IN_FILE)} as</span>
                    )}
                    <Exports
                      name={`Tests of ${job.name ?? job.id}`}
                      json={() => allTests(job.id, filter, MOST_IN_FILE)}
                      columns={async () => testColumns(await allTests(job.id, filter, MOST_IN_FILE))}
                    />
                  </TableFoot>
                </>
              )}
            </>
          )
        }
      </QueryView>
    </section>
  );
}

/** Why there is no case: kept no longer, not sent, or not here yet. */
function Nothing({ job, retired }: { job: Job; retired: boolean }) {
  if (retired) {
    return (
      <Teach title="These results are kept no longer" icon={ArchiveIcon}>
        Their totals stand on the job’s page, and <Link to={`/answers/${job.topic_id}`}>the topic’s answers</Link>{' '}
        still count them. Files of the job that are kept longer are under{' '}
        <Link to={`/jobs/${job.id}/files`}>Files</Link>.
      </Teach>
    );
  }
  const over = job.phase === 'finished';
  return (
    <Teach title={over ? 'No test results' : 'No test results yet'} icon={FlaskIcon}>
      Results come from files that the job collects with the type <code>application/junit</code>
      {over ? '; this job sent none.' : ', when its tests are done.'}
    </Teach>
  );
}
