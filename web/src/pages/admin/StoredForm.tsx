/** The form of any resource: to make one, or to change it without treading on others. */
import { Button } from 'pf/Button';
import { Form } from 'pf/Form';
import { useRef, useState, type FormEvent } from 'react';
import { Link } from 'react-router';
import { ChangedMeanwhile } from '@/api/queries/stored';
import type { Identity, Stored } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { Conflict } from './Conflict';
import type { Draft, Field, Resource } from './describe';
import { differences, draftOf, faultOf, fieldsFor, rebased } from './fields';
import { FieldInput } from './FieldInput';

interface FormProps {
  label: string;
  fields: readonly Field[];
  identity: Identity;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  onSave: () => void;
  isPending: boolean;
  isChanged: boolean;
  save: string;
  /** Where one goes who does not save; else a button takes the changes back. */
  away?: string;
  onReset?: () => void;
}

function Fields(props: FormProps) {
  const { label, fields, identity, draft, setDraft, isPending, isChanged } = props;
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const faults = fields.map((field) => [field, faultOf(field, draft[field.name])] as const);
  const broken = faults.filter(([, fault]) => fault !== null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const first = broken[0];
    if (!first) props.onSave();
    else form.current?.querySelector<HTMLElement>(`[id="${first[0].name}"]`)?.focus();
  };
  return (
    <Form ref={form} onSubmit={submit} aria-label={label} noValidate className="rt-admin-form">
      {faults.map(([field, fault]) => (
        <FieldInput
          key={field.name}
          field={field}
          identity={identity}
          draft={draft}
          value={draft[field.name] ?? ''}
          onChange={(value) => setDraft({ ...draft, [field.name]: value })}
          fault={tried || fault !== 'is needed' ? fault : null}
        />
      ))}
      <div className="rt-admin-actions">
        <Button type="submit" isLoading={isPending} isDisabled={isPending || !isChanged}>
          {props.save}
        </Button>
        {props.away && (
          <Button variant="link" component={(rest: object) => <Link {...rest} to={props.away!} />}>
            Not now
          </Button>
        )}
        {props.onReset && isChanged && (
          <Button variant="link" onClick={props.onReset}>
            As it was
          </Button>
        )}
        {tried && broken.length > 0 && (
          <span className="rt-bad rt-small" role="status">
            {broken.map(([field, fault]) => `${field.label} ${fault}`).join(' · ')}
          </span>
        )}
      </div>
    </Form>
  );
}

interface NewProps {
  resource: Resource;
  identity: Identity;
  asked: URLSearchParams;
  onMake: (draft: Draft) => void;
  isPending: boolean;
  error: Error | null;
}

export function NewForm({ resource, identity, asked, onMake, isPending, error }: NewProps) {
  const fields = fieldsFor(resource, 'create');
  const [draft, setDraft] = useState(() => draftOf(fields, undefined, asked));
  return (
    <>
      {error && <ErrorBox error={error} />}
      <Fields
        label={`New ${resource.word}`}
        fields={fields}
        identity={identity}
        draft={draft}
        setDraft={setDraft}
        onSave={() => onMake(draft)}
        isPending={isPending}
        isChanged
        save={`Create ${resource.word}`}
        away={`/admin/${resource.noun}`}
      />
    </>
  );
}

interface EditProps {
  resource: Resource;
  identity: Identity;
  stored: Stored;
  /** Resolves with what is stored by then; rejects with ChangedMeanwhile. */
  onSave: (stored: Stored, begin: Draft, draft: Draft) => Promise<Stored>;
}

/** Begins once: what others change while somebody types must not change under the hands. */
export function EditForm({ resource, identity, stored, onSave }: EditProps) {
  const fields = fieldsFor(resource, 'edit');
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(() => draftOf(fields, stored));
  const [error, setError] = useState<Error | null>(null);
  const [isPending, setPending] = useState(false);
  const begin = draftOf(fields, base);
  const isChanged = JSON.stringify(begin) !== JSON.stringify(draft);
  const restart = (from: Stored) => {
    setBase(from);
    setDraft(draftOf(fields, from));
    setError(null);
  };
  // A form that nobody has touched shows what is there.
  if (!isChanged && !isPending && stored.etag !== base.etag) restart(stored);
  const save = async (over: Stored, from: Draft, to: Draft) => {
    setPending(true);
    try {
      restart(await onSave(over, from, to));
    } catch (failure) {
      setError(failure as Error);
    } finally {
      setPending(false);
    }
  };
  const theirs = error instanceof ChangedMeanwhile ? error.stored : null;
  const mine = () => {
    if (!theirs) return;
    const there = draftOf(fields, theirs);
    const both = rebased(fields, begin, there, draft);
    setBase(theirs);
    setDraft(both);
    void save(theirs, there, both);
  };
  return (
    <>
      {theirs && (
        <Conflict
          name={base.name}
          told={differences(fields, begin, draftOf(fields, theirs), draft)}
          onMine={mine}
          onTheirs={() => restart(theirs)}
        />
      )}
      {error && !theirs && <ErrorBox error={error} />}
      <Fields
        label={`Change ${base.name}`}
        fields={fields}
        identity={identity}
        draft={draft}
        setDraft={setDraft}
        onSave={() => void save(base, begin, draft)}
        isPending={isPending}
        isChanged={isChanged && !theirs}
        save="Save"
        onReset={() => restart(stored)}
      />
    </>
  );
}
