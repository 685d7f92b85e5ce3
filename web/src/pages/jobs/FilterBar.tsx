/** Any number of filters at once; each is in the address, so a view can be sent to a colleague. */
import { useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Label, LabelGroup } from 'pf/Label';
import { TextInput } from 'pf/TextInput';
import { useState } from 'react';
import { teamsQuery, topicsQuery } from '@/api/queries/catalog';
import { labsQuery } from '@/api/queries/labs';
import type { Named } from '@/api/types';
import { SearchField } from '@/components/SearchField';
import { useAddress } from '@/components/useAddress';
import { JOB_LOOKS, JOB_STATUSES } from '@/format/status';
import { ANY_RUNNING, activeFilters, withFilter, withoutFilter, type FilterParam } from './filters';

interface PickProps {
  param: FilterParam;
  label: string;
  options: readonly Named[];
}

function Pick({ param, label, options }: PickProps) {
  const { get, set } = useAddress();
  const value = get(param);
  const known = value === '' || options.some((option) => option.id === value);
  return (
    <FormSelect
      aria-label={label}
      value={value}
      onChange={(_, chosen) => set({ [param]: chosen }, { step: true })}
      className="rt-select"
    >
      <FormSelectOption value="" label={`${label}: any`} />
      {!known && <FormSelectOption value={value} label={`${label}: ${value.slice(0, 8)}`} />}
      {options.map((option) => (
        <FormSelectOption key={option.id} value={option.id} label={`${label}: ${option.name}`} />
      ))}
    </FormSelect>
  );
}

const FREE = [
  { param: 'tag', label: 'Tag' },
  { param: 'where', label: 'column:value' },
  { param: 'query', label: 'Query' },
] as const;

const HINTS: Partial<Record<FilterParam, [label: string, example: string]>> = {
  tag: ['Tag to filter by', 'tag'],
  where: ['Condition, such as configuration:fips', 'configuration:fips'],
  query: ['Expression, such as or(eq(name,smoke),null(url))', 'or(eq(name,smoke),null(url))'],
};

/** One box for tags and free conditions: Enter adds what was typed. */
function FreeField() {
  const { change } = useAddress();
  const [text, setText] = useState('');
  const [param, setParam] = useState<FilterParam>('tag');
  return (
    <form
      className="rt-free"
      onSubmit={(event) => {
        event.preventDefault();
        change((now) => withFilter(now, param, text), { step: true });
        setText('');
      }}
    >
      <FormSelect
        aria-label="Kind of filter to add"
        value={param}
        onChange={(_, value) => setParam(value as FilterParam)}
        className="rt-select"
      >
        {FREE.map((free) => (
          <FormSelectOption key={free.param} value={free.param} label={free.label} />
        ))}
      </FormSelect>
      <TextInput
        aria-label={HINTS[param]?.[0]}
        placeholder={HINTS[param]?.[1]}
        value={text}
        onChange={(_, value) => setText(value)}
      />
      <Button type="submit" variant="control" isDisabled={!text.trim()}>
        Add
      </Button>
    </form>
  );
}

const STATUSES: readonly Named[] = [
  { id: ANY_RUNNING, name: 'Running' },
  ...JOB_STATUSES.map((id) => ({ id, name: JOB_LOOKS[id].label })),
];

export function FilterBar() {
  const { params, change } = useAddress();
  const labs = useQuery(labsQuery).data ?? [];
  const topics = useQuery(topicsQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const active = activeFilters(params);
  const nameOf: Partial<Record<FilterParam, readonly Named[]>> = {
    status: STATUSES,
    lab: labs,
    topic: topics,
    team: teams,
  };
  const words = (param: FilterParam, value: string) =>
    nameOf[param]?.find((one) => one.id === value)?.name ?? value;
  return (
    <div role="search" aria-label="Filter jobs">
      <div className="rt-filters">
        <SearchField param="name" label="Name contains" />
        <Pick param="status" label="Status" options={STATUSES} />
        <Pick param="lab" label="Lab" options={labs} />
        <Pick param="topic" label="Topic" options={topics} />
        {teams.length > 1 && <Pick param="team" label="Team" options={teams} />}
        <FreeField />
      </div>
      {active.length > 0 && (
        <div className="rt-active-filters">
          <LabelGroup numLabels={12} aria-label="Active filters">
            {active.map((filter) => (
              <Label
                key={`${filter.param}:${filter.value}`}
                variant="outline"
                closeBtnAriaLabel={`Remove the filter ${filter.label} ${filter.value}`}
                onClose={() => change((now) => withoutFilter(now, filter), { step: true })}
              >
                {filter.label}: {words(filter.param, filter.value)}
              </Label>
            ))}
          </LabelGroup>
          <Button variant="link" isInline onClick={() => change(() => new URLSearchParams(), { step: true })}>
            Clear all
          </Button>
        </div>
      )}
    </div>
  );
}
