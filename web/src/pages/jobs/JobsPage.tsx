import { useQuery } from '@tanstack/react-query';
import SearchIcon from 'icons/search-icon';
import ServerIcon from 'icons/server-icon';
import { useSearchParams } from 'react-router';
import { jobsQuery } from '@/api/queries/jobs';
import { Exports } from '@/charts/Exports';
import { TableFoot } from '@/components/DataTable';
import { PageHead } from '@/components/PageHead';
import { Pager } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { plural } from '@/format/size';
import { ColumnPicker } from './ColumnPicker';
import { useColumns } from './columns';
import { FilterBar } from './FilterBar';
import { activeFilters, toListParams } from './filters';
import { jobColumns } from './jobColumns';
import { JobsTable } from './JobsTable';

function NoJobs({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <Teach title="No job fits these filters" icon={SearchIcon}>
        Remove a filter to see more. Names match anywhere in the text; all filters must fit.
      </Teach>
    );
  }
  return (
    <Teach
      title="No job yet"
      icon={ServerIcon}
      commands={['ringtest lab subscribe LAB --topic TOPIC', 'ringtest component create NAME --type TYPE --topic TOPIC']}
    >
      A job starts by itself when a component is published to a topic that a connected lab has
      subscribed to.
    </Teach>
  );
}

export function JobsPage() {
  const [params] = useSearchParams();
  const query = useQuery(jobsQuery(toListParams(params)));
  const [columns, choose] = useColumns();
  const total = query.data?.count;
  return (
    <>
      <PageHead
        title="Jobs"
        lead={total === undefined ? undefined : plural(total, 'job')}
        actions={<ColumnPicker columns={columns} onChoose={choose} />}
      />
      <FilterBar />
      <QueryView query={query} loading={<Bars count={10} />}>
        {(page) =>
          page.items.length === 0 ? (
            <NoJobs filtered={activeFilters(params).length > 0} />
          ) : (
            <>
              <JobsTable jobs={page.items} columns={columns} busy={query.isPlaceholderData} />
              <TableFoot>
                <Exports name="Jobs" json={page.items} columns={() => jobColumns(page.items)} />
              </TableFoot>
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
