import { useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { componentsQuery } from '@/api/queries/catalog';
import { labsQuery } from '@/api/queries/labs';
import type { Topic } from '@/api/types';
import { useAddress, type Values } from '@/components/useAddress';
import { KIND_NAMES, kindNamed, KINDS, type Kind, type Side } from './sides';

const MOST = 200;

interface Props {
  topic: Topic;
  left: Side | null;
  right: Side | null;
}

/** Both sides are of one kind; the address holds them. */
export function SidePicker({ topic, left, right }: Props) {
  const address = useAddress();
  const kind = left?.kind ?? right?.kind ?? kindNamed(address.get('kind'));
  const set = (values: Values) => address.set(values, { step: true });
  const side = (name: 'left' | 'right', now: Side | null) => (
    <OneSide
      label={name === 'left' ? 'Left, what was before' : 'Right, what is now'}
      kind={kind}
      topic={topic}
      value={now?.kind === kind ? now.value : ''}
      onChange={(value) => set({ [name]: value && `${kind}:${value}` })}
    />
  );
  return (
    <div className="rt-span" role="group" aria-label="What to compare">
      <FormSelect
        aria-label="Kind of comparison"
        className="rt-select rt-select-wide"
        value={kind}
        onChange={(_, value) => set({ kind: value, left: '', right: '', category: '' })}
      >
        {KINDS.map((one) => (
          <FormSelectOption key={one} value={one} label={KIND_NAMES[one]} />
        ))}
      </FormSelect>
      {side('left', left)}
      <Button
        variant="plain"
        aria-label="Swap the sides"
        title="Swap the sides"
        onClick={() => set({ left: address.get('right'), right: address.get('left') })}
      >
        ⇄
      </Button>
      {side('right', right)}
    </div>
  );
}

interface OneProps {
  label: string;
  kind: Kind;
  topic: Topic;
  value: string;
  onChange: (value: string) => void;
}

function OneSide(props: OneProps) {
  const { label, kind, value, onChange } = props;
  if (kind === 'component') return <ComponentSide {...props} />;
  if (kind === 'lab') return <LabSide {...props} />;
  if (kind === 'dates') return <DatesSide {...props} />;
  return (
    <TextInput
      aria-label={label}
      placeholder="Id of a job"
      value={value}
      onChange={(_, text) => onChange(text.trim())}
    />
  );
}

function ComponentSide({ label, topic, value, onChange }: OneProps) {
  const found = useQuery(
    componentsQuery({ limit: MOST, offset: 0, where: [['topic_id', topic.id]], sort: '-created_at' }),
  );
  return (
    <FormSelect
      aria-label={label}
      className="rt-select"
      value={value}
      onChange={(_, id) => onChange(id)}
    >
      <FormSelectOption value="" label="Choose a component" isPlaceholder />
      {(found.data?.items ?? []).map((one) => (
        <FormSelectOption key={one.id} value={one.id} label={one.display_name} />
      ))}
    </FormSelect>
  );
}

function LabSide({ label, value, onChange }: OneProps) {
  const labs = useQuery(labsQuery);
  return (
    <FormSelect
      aria-label={label}
      className="rt-select"
      value={value}
      onChange={(_, id) => onChange(id)}
    >
      <FormSelectOption value="" label="Choose a lab" isPlaceholder />
      {(labs.data ?? []).map((lab) => (
        <FormSelectOption key={lab.id} value={lab.id} label={lab.name} />
      ))}
    </FormSelect>
  );
}

function DatesSide({ label, value, onChange }: OneProps) {
  const [from = '', to = ''] = value.split('..');
  return (
    <span className="rt-dates">
      <TextInput
        type="date"
        aria-label={`${label}: from`}
        value={from}
        onChange={(_, day) => onChange(`${day}..${to || day}`)}
      />
      <TextInput
        type="date"
        aria-label={`${label}: to`}
        value={to}
        onChange={(_, day) => onChange(`${from || day}..${day}`)}
      />
    </span>
  );
}
