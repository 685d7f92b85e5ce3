import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { useMemo } from 'react';
import type { CaseState, TestFilter, TestsPage } from '@/api/types';
import { SearchField } from '@/components/SearchField';
import { count, plural } from '@/format/size';
import { filterValues, OUTCOMES, STATES, STATE_WORDS, toggled } from './testFilter';

interface Props {
  totals: TestsPage['totals'];
  states: TestsPage['states'];
  count: number;
  filter: TestFilter;
  onChange: (filter: TestFilter) => void;
}

export function TestFilters({ totals, states, count: found, filter, onChange }: Props) {
  const shown = OUTCOMES.filter(
    (outcome) => (totals[outcome] ?? 0) > 0 || filter.outcomes.includes(outcome),
  );
  // Who types among the failed ones looks for a failed one.
  const also = useMemo(() => filterValues(filter), [filter]);
  return (
    <div className="rt-filters" role="search" aria-label="Filter tests">
      <SearchField param="q" label="Test name contains" also={also} />
      <ToggleGroup aria-label="Outcomes to show" isCompact>
        {shown.map((outcome) => (
          <ToggleGroupItem
            key={outcome}
            buttonId={`outcome-${outcome}`}
            text={`${outcome} ${count(totals[outcome] ?? 0)}`}
            isSelected={filter.outcomes.includes(outcome)}
            onChange={() => onChange({ ...filter, outcomes: toggled(filter.outcomes, outcome) })}
          />
        ))}
      </ToggleGroup>
      <FormSelect
        aria-label="Compared with the run before"
        className="rt-select"
        value={filter.state ?? ''}
        onChange={(_, state) => onChange({ ...filter, state: (state || null) as CaseState | null })}
      >
        <FormSelectOption value="" label="Change: any" />
        {STATES.filter((state) => states[state] || filter.state === state).map((state) => (
          <FormSelectOption
            key={state}
            value={state}
            label={`Change: ${STATE_WORDS[state].text} (${count(states[state] ?? 0)})`}
          />
        ))}
      </FormSelect>
      <span className="rt-muted rt-small rt-nowrap" role="status">
        {plural(found, 'test')}
      </span>
    </div>
  );
}
