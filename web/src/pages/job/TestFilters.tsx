import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import type { CaseState, TestFilter, TestsPage } from '@/api/types';
import { count, plural } from '@/format/size';
import { OUTCOMES, STATES, STATE_WORDS, toggled } from './testFilter';

interface Props {
  totals: TestsPage['totals'];
  states: TestsPage['states'];
  count: number;
  filter: TestFilter;
  q: string;
  onSearch: (q: string) => void;
  onChange: (filter: TestFilter) => void;
}

export function TestFilters({ totals, states, count: found, filter, q, onSearch, onChange }: Props) {
  const shown = OUTCOMES.filter(
    (outcome) => (totals[outcome] ?? 0) > 0 || filter.outcomes.includes(outcome),
  );
  return (
    <div className="rt-filters" role="search" aria-label="Filter tests">
      <TextInput
        type="search"
        data-search
        aria-label="Test name contains"
        placeholder="Test name contains…  ( / )"
        value={q}
        onChange={(_, value) => onSearch(value)}
        className="rt-field"
      />
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
