/** The words of a known issue, for a new rule and for one that changes. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { Form, FormGroup, FormHelperText } from 'pf/Form';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { HelperText, HelperTextItem } from 'pf/HelperText';
import { TextArea } from 'pf/TextArea';
import { TextInput } from 'pf/TextInput';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Link } from 'react-router';
import { productsQuery, topicsQuery } from '@/api/queries/catalog';
import { groupQuery } from '@/api/queries/groups';
import type { Identity, IssueKind, IssueWords } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { dayOfEnd, endOf, KIND_WORDS, keepsAll } from './issues';

interface Props {
  title: string;
  identity: Identity;
  begin: IssueWords;
  /** Whose rule it is stays once it is there. */
  isNew: boolean;
  onSave: (words: IssueWords) => Promise<unknown>;
  back: string;
}

function Help({ children }: { children: ReactNode }) {
  return (
    <FormHelperText>
      <HelperText>
        <HelperTextItem>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}

type Set = (words: Partial<IssueWords>) => void;

export function IssueForm({ title, identity, begin, isNew, onSave, back }: Props) {
  const [words, setWords] = useState(begin);
  const save = useMutation({ mutationFn: () => onSave(words) });
  const set: Set = (some) => setWords((now) => ({ ...now, ...some }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const ready = [words.name, words.pattern, words.owner].every((text) => text.trim());
  return (
    <Form onSubmit={submit} aria-label={title} className="rt-card rt-issue-form">
      {save.isError && <ErrorBox error={save.error} />}
      <FormGroup label="What people know it as" fieldId="issue-name" isRequired>
        <TextInput id="issue-name" isRequired value={words.name} onChange={(_, name) => set({ name })} />
      </FormGroup>
      <Pattern words={words} set={set} />
      <Scope words={words} set={set} />
      {isNew && <Whose words={words} set={set} identity={identity} />}
      <FormGroup label="Owner" fieldId="issue-owner" isRequired>
        <TextInput id="issue-owner" isRequired value={words.owner} onChange={(_, owner) => set({ owner })} />
        <Help>Who looks after it, as everybody shall read it.</Help>
      </FormGroup>
      <FormGroup label="Where it is written down" fieldId="issue-link">
        <TextInput
          id="issue-link"
          type="url"
          placeholder="https://bugs.example.com/7"
          value={words.link ?? ''}
          onChange={(_, link) => set({ link: link.trim() || null })}
        />
      </FormGroup>
      <FormGroup label="Last day (UTC)" fieldId="issue-end">
        <TextInput
          id="issue-end"
          type="date"
          className="rt-issue-end"
          value={dayOfEnd(words.expires_at)}
          onChange={(_, day) => set({ expires_at: endOf(day) })}
        />
        <Help>Empty: it never ends. After that day the failures count as unknown again.</Help>
      </FormGroup>
      <FormGroup label="Note" fieldId="issue-note">
        <TextArea
          id="issue-note"
          resizeOrientation="vertical"
          value={words.note ?? ''}
          onChange={(_, note) => set({ note: note || null })}
        />
      </FormGroup>
      <div className="rt-issue-actions">
        <Button type="submit" isLoading={save.isPending} isDisabled={!ready || save.isPending}>
          {isNew ? 'Name it' : 'Save'}
        </Button>
        <Button variant="link" component={(props: object) => <Link {...props} to={back} />}>
          Not now
        </Button>
      </div>
    </Form>
  );
}

interface PartProps {
  words: IssueWords;
  set: Set;
}

function Pattern({ words: { kind, pattern }, set }: PartProps) {
  // The id of a group means nothing as words, and words are no id.
  const [group, setGroup] = useState(kind === 'signature' ? pattern : '');
  const shown = useQuery({ ...groupQuery(group), enabled: group !== '' && kind === 'signature' }).data;
  const choose = (next: IssueKind) => {
    if (kind === 'signature') setGroup(pattern);
    const crossing = (next === 'signature') !== (kind === 'signature');
    set({ kind: next, ...(crossing && { pattern: next === 'signature' ? group : '' }) });
  };
  return (
    <>
      <FormGroup label="How failures are known" fieldId="issue-kind">
        <FormSelect id="issue-kind" value={kind} onChange={(_, next) => choose(next as IssueKind)}>
          {(Object.keys(KIND_WORDS) as IssueKind[]).map((one) => (
            <FormSelectOption key={one} value={one} label={KIND_WORDS[one].name} />
          ))}
        </FormSelect>
        <Help>{KIND_WORDS[kind].hint}</Help>
      </FormGroup>
      <FormGroup
        label={kind === 'signature' ? 'Id of the failure group' : KIND_WORDS[kind].name}
        fieldId="issue-pattern"
        isRequired
      >
        <TextInput
          id="issue-pattern"
          isRequired
          className="rt-issue-pattern"
          value={pattern}
          onChange={(_, text) => set({ pattern: text })}
        />
        {kind === 'signature' && shown && <Help>{shown.title}</Help>}
      </FormGroup>
    </>
  );
}

function Scope({ words: { topic_id, product_id }, set }: PartProps) {
  const topics = useQuery(topicsQuery).data ?? [];
  const products = useQuery(productsQuery).data ?? [];
  const value = topic_id ? `topic:${topic_id}` : product_id ? `product:${product_id}` : '';
  const known = [...topics, ...products].some(({ id }) => value.endsWith(id));
  const choose = (next: string) => {
    const [noun, id = null] = next.split(':');
    set({ topic_id: noun === 'topic' ? id : null, product_id: noun === 'product' ? id : null });
  };
  return (
    <FormGroup label="Where" fieldId="issue-scope">
      <FormSelect id="issue-scope" value={value} onChange={(_, next) => choose(next)}>
        <FormSelectOption value="" label="Everywhere" />
        {value && !known && <FormSelectOption value={value} label={value} />}
        {products.map(({ id, name }) => (
          <FormSelectOption key={id} value={`product:${id}`} label={`Product ${name}`} />
        ))}
        {topics.map(({ id, name }) => (
          <FormSelectOption key={id} value={`topic:${id}`} label={`Topic ${name}`} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}

function Whose({ words, set, identity }: PartProps & { identity: Identity }) {
  const teams = Object.entries(identity.teams);
  return (
    <FormGroup label="Whose rule" fieldId="issue-team">
      <FormSelect
        id="issue-team"
        value={words.team_id ?? ''}
        onChange={(_, team) => set({ team_id: team || null })}
      >
        {keepsAll(identity) && <FormSelectOption value="" label="Everybody’s" />}
        {teams.map(([id, { name, team_name }]) => (
          <FormSelectOption key={id} value={id} label={name ?? team_name ?? id} />
        ))}
      </FormSelect>
      <Help>
        {words.team_id
          ? 'It names failures of this team’s jobs, and no other team sees it.'
          : 'Every team reads it: write nothing that is not for partners.'}
      </Help>
    </FormGroup>
  );
}
