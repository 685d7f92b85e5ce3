import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { TextInput } from 'pf/TextInput';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { useQuery } from '@tanstack/react-query';
import { labsQuery } from '@/api/queries/labs';
import type { Span } from '@/api/queries/questions';
import { useAddress } from '@/components/useAddress';
import { lasting, LENGTHS, lengthOf } from './span';

const NAMES: Record<number, string> = { 7: '7 days', 30: '30 days', 90: '90 days', 365: 'A year' };

/** Days and lab of a question; both stay in the address. */
export function SpanPicker({ span }: { span: Span }) {
  const { set } = useAddress();
  const labs = useQuery(labsQuery);
  return (
    <div className="rt-span" role="group" aria-label="What to look at">
      <ToggleGroup aria-label="How far back">
        {LENGTHS.map((days) => (
          <ToggleGroupItem
            key={days}
            text={NAMES[days]}
            isSelected={lengthOf(span) === days}
            onChange={() => set(lasting(span, days))}
          />
        ))}
      </ToggleGroup>
      <span className="rt-muted">from</span>
      <TextInput
        type="date"
        aria-label="From this day on (UTC)"
        value={span.from}
        max={span.to}
        onChange={(_, from) => set({ from })}
      />
      <span className="rt-muted">to</span>
      <TextInput
        type="date"
        aria-label="Up to this day (UTC)"
        value={span.to}
        onChange={(_, to) => set({ to })}
      />
      <span className="rt-muted">UTC</span>
      <FormSelect
        aria-label="Lab"
        className="rt-select"
        value={span.lab ?? ''}
        onChange={(_, lab) => set({ lab })}
      >
        <FormSelectOption value="" label="All labs" />
        {(labs.data ?? []).map((lab) => (
          <FormSelectOption key={lab.id} value={lab.id} label={lab.name} />
        ))}
      </FormSelect>
    </div>
  );
}
