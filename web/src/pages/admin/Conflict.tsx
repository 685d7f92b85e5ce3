/** Two people changed one thing: what the other one did, beside what stands in the form. */
import { Alert } from 'pf/Alert';
import { Button } from 'pf/Button';
import { Cell, DataTable, Row } from '@/components/DataTable';
import type { Draft, Field } from './describe';
import type { Difference } from './fields';

function shown({ kind, options }: Field, value: Draft[string]): string {
  if (kind === 'flag') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.join(', ') || 'none';
  const known = options?.find(([one]) => one === value);
  return known?.[1] ?? (value === '' ? 'nothing' : String(value));
}

interface Props {
  name: string;
  told: readonly Difference[];
  onMine: () => void;
  onTheirs: () => void;
}

/** References are shown by their ids: names may have changed too. */
export function Conflict({ name, told, onMine, onTheirs }: Props) {
  const isBoth = told.some(({ was, mine, theirs }) => mine !== was && mine !== theirs);
  return (
    <Alert
      variant="warning"
      isInline
      component="h2"
      title={`Somebody else changed “${name}” while you were writing`}
      className="rt-conflict"
    >
      <p>
        Nothing of yours is saved yet.{' '}
        {isBoth
          ? 'You both changed the same: choose.'
          : 'You changed other fields: keep yours, and both are saved.'}
      </p>
      {told.length > 0 && (
        <DataTable label="What was changed meanwhile" columns={['Field', 'It was', 'Theirs', 'Yours']}>
          {told.map(({ field, was, theirs, mine }) => (
            <Row key={field.name}>
              <Cell label="Field">{field.label}</Cell>
              <Cell label="It was">{shown(field, was)}</Cell>
              <Cell label="Theirs">
                <strong>{shown(field, theirs)}</strong>
              </Cell>
              <Cell label="Yours">{mine === was ? <span className="rt-muted">as it was</span> : shown(field, mine)}</Cell>
            </Row>
          ))}
        </DataTable>
      )}
      <p className="rt-admin-actions">
        <Button variant="primary" onClick={onMine}>
          Save mine
        </Button>
        <Button variant="secondary" onClick={onTheirs}>
          Take theirs
        </Button>
      </p>
    </Alert>
  );
}
