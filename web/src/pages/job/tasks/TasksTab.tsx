/** A job that a lab tells of itself: its states, and a task for each file tied to one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import ListIcon from 'icons/list-icon';
import { TextInput } from 'pf/TextInput';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { statesQuery } from '@/api/queries/jobs';
import { tasksQuery } from '@/api/queries/tasks';
import type { JobState } from '@/api/types';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { plural } from '@/format/size';
import { useJob } from '../context';
import { TaskList } from './TaskList';
import { isBad, readTaskFilter, rowsOf, tasksByState, writeTaskFilter, type TaskFilter } from './tasks';

interface FilterProps {
  filter: TaskFilter;
  shown: number;
  bad: number;
  onChange: (filter: TaskFilter) => void;
}

function Filters({ filter, shown, bad, onChange }: FilterProps) {
  return (
    <div className="rt-filters" role="search" aria-label="Filter tasks">
      <TextInput
        type="search"
        data-search
        aria-label="Task name contains"
        placeholder="Task name contains…  ( / )"
        value={filter.q}
        onChange={(_, q) => onChange({ ...filter, q })}
        className="rt-field"
      />
      <ToggleGroup aria-label="Tasks to show" isCompact>
        <ToggleGroupItem
          buttonId="tasks-failed"
          text={`failed ${bad}`}
          isSelected={filter.bad}
          onChange={() => onChange({ ...filter, bad: !filter.bad })}
        />
      </ToggleGroup>
      <ToggleGroup aria-label="Order of tasks" isCompact>
        {(['date', 'duration'] as const).map((sort) => (
          <ToggleGroupItem
            key={sort}
            buttonId={`tasks-by-${sort}`}
            text={sort === 'date' ? 'as they ran' : 'longest first'}
            isSelected={filter.sort === sort}
            onChange={() => onChange({ ...filter, sort })}
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
  const [params, setParams] = useSearchParams();
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
            onChange={(next) =>
              setParams((now) => writeTaskFilter(now, next), {
                replace: true,
                preventScrollReset: true,
              })
            }
          />
          <TaskList rows={rows} needle={filter.q} linked={params.get('task')} />
        </>
      )}
    </QueryView>
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
            <Teach title="Nothing told yet" icon={ListIcon}>
              The lab that started this job tells of it as it goes: its states, and a file for each
              task.
            </Teach>
          ) : (
            <Tasks states={states} />
          )
        }
      </QueryView>
    </section>
  );
}
