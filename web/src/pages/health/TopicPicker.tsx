import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import type { Named } from '@/api/types';
import { useAddress } from '@/components/useAddress';

interface Props {
  topics: readonly Named[];
  current: Named | null;
}

export function TopicPicker({ topics, current }: Props) {
  const { change } = useAddress();
  if (!current) return null;
  if (topics.length < 2) return <span className="rt-topic-one">{current.name}</span>;
  return (
    <FormSelect
      aria-label="Topic"
      value={current.id}
      onChange={(_, topic) => change(() => new URLSearchParams({ topic }), { step: true })}
      className="rt-select"
    >
      {topics.map((topic) => (
        <FormSelectOption key={topic.id} value={topic.id} label={topic.name} />
      ))}
    </FormSelect>
  );
}
