/** A job that a lab tells of itself: its states, and a task for each file tied to one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import ListIcon from 'icons/list-icon';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { statesQuery } from '@/api/queries/jobs';
import { tasksQuery } from '@/api/queries/tasks';
import type { JobState } from '@/api/types';
import { QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { useAddress, type Values } from '@/components/useAddress';
import { plural } from '@/format/size';
import { useJob } from '../context';
import { TaskList } from './TaskList';
import { isBad, readTaskFilter, rowsOf, tasksByState, type TaskFilter } from './tasks';

interface FilterProps {
  filter: TaskFilter;
  shown: number;
  bad: number;
  onChange: (values: Values) => void;
}

function Filters({ filter, shown, bad, onChange }: FilterProps) {
  return (
    <div className="rt-filters" role="search" aria-label="Filter tasks">
      <SearchField param="q" label="Task name contains" />
      <ToggleGroup aria-label="Tasks to show" isCompact>
        <ToggleGroupItem
          buttonId="tasks-failed"
          text={`failed ${bad}`}
          isSelected={filter.bad}
          onChange={() => onChange({ only: filter.bad ? '' : 'failed' })}
        />
      </ToggleGroup>
      <ToggleGroup aria-label="Order of tasks" isCompact>
        {(['date', 'duration'] as const).map((sort) => (
          <ToggleGroupItem
            key={sort}
            buttonId={`tasks-by-${sort}`}
            text={sort === 'date' ? 'as they ran' : 'longest first'}
            isSelected={filter.sort === sort}
            onChange={() => onChange({ sort: sort === 'date' ? '' : sort })}
          />
        ))}
      </ToggleGroup>
      <span className="rt-muted rt-small rt-nowrap" role="status">
        {plural(shown, 'task')}
      </span>
    </div>
  );
}

function Tasks({ states }: { states: readonly JobState[] }) {
  const { job } = useJob();
  const query = useQuery(tasksQuery(job.id, useQueryClient()));
  const { params, get, set } = useAddress();
  const filter = useMemo(() => readTaskFilter(params), [params]);
  const groups = useMemo(() => tasksByState(states, query.data ?? []), [states, query.data]);
  const rows = useMemo(() => rowsOf(groups, filter), [groups, filter]);
  const tasks = groups.flatMap((group) => group.tasks);
  return (
    <QueryView query={query}>
      {() => (
        <>
          <Filters
            filter={filter}
            shown={rows.filter(({ kind }) => kind === 'task').length}
            bad={tasks.filter(isBad).length}
            onChange={set}
          />
          <TaskList rows={rows} needle={filter.q} linked={get('task') || null} />
        </>
      )}
    </QueryView>
  );
}

function Nothing() {
  const { job } = useJob();
  if (job.phase === 'finished') {
    return (
      <Teach title="No task was told of" icon={ListIcon}>
        The lab that ran this job sent no states. What it found is under{' '}
        <Link to={`/jobs/${job.id}/tests`}>Tests</Link>, what it kept under{' '}
        <Link to={`/jobs/${job.id}/files`}>Files</Link>.
      </Teach>
    );
  }
  return (
    <Teach title="Nothing told yet" icon={ListIcon}>
      The lab that started this job tells of it as it goes: its states, and a file for each task.
    </Teach>
  );
}

export function TasksTab() {
  const { job } = useJob();
  const query = useQuery(statesQuery(job.id));
  return (
    <section aria-label="Tasks">
      <QueryView query={query}>
        {(states) =>
          states.length === 0 ? (
            <Nothing />
          ) : (
            <Tasks states={states} />
          )
        }
      </QueryView>
    </section>
  );
}
