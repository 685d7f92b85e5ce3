/** One field of a form, by its kind. */
import { Checkbox } from 'pf/Checkbox';
import { FormGroup, FormHelperText } from 'pf/Form';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { HelperText, HelperTextItem } from 'pf/HelperText';
import { TextArea } from 'pf/TextArea';
import { TextInput } from 'pf/TextInput';
import type { Identity } from '@/api/types';
import { actsFor, type Draft, type Field } from './describe';
import { RefPicker } from './RefPicker';

interface Props {
  field: Field;
  identity: Identity;
  value: Draft[string];
  onChange: (value: Draft[string]) => void;
  fault: string | null;
  /** The team of what is chosen from must be one's own. */
  draft: Draft;
}

const TYPES = { line: 'text', mail: 'email', secret: 'password' } as const;

const says = (value: Draft[string]): string => (typeof value === 'string' ? value : '');

function Choices({ field, value, onChange }: Pick<Props, 'field' | 'value' | 'onChange'>) {
  const ticked = new Set(Array.isArray(value) ? value : []);
  const toggle = (one: string) => {
    const next = new Set(ticked);
    if (!next.delete(one)) next.add(one);
    onChange([...next]);
  };
  return (field.options ?? []).map(([one, label]) => (
    <Checkbox
      key={one}
      id={`${field.name}-${one}`}
      label={label}
      isChecked={ticked.has(one)}
      onChange={() => toggle(one)}
    />
  ));
}

function Typed({ field, identity, value, onChange, fault, draft }: Props) {
  const { name, kind, required } = field;
  const validated = fault ? 'error' : 'default';
  if (kind === 'choices') return <Choices field={field} value={value} onChange={onChange} />;
  if (kind === 'choice') {
    return (
      <FormSelect id={name} value={says(value)} onChange={(_, next) => onChange(next)}>
        {(field.options ?? []).map(([one, label]) => (
          <FormSelectOption key={one} value={one} label={label} />
        ))}
      </FormSelect>
    );
  }
  if (kind === 'ref') {
    const topic = name === 'definition_id' ? says(draft.topic_id ?? '') : '';
    return (
      <RefPicker
        id={name}
        to={field.to ?? 'teams'}
        value={says(value)}
        onChange={onChange}
        none={field.none ?? 'Choose one'}
        required={required}
        fits={field.own ? (one) => actsFor(identity, one.team_id ?? one.id) : undefined}
        where={topic ? [['topic_id', topic]] : []}
      />
    );
  }
  if (kind === 'note' || kind === 'words' || kind === 'json') {
    const text = says(value);
    return (
      <TextArea
        id={name}
        className={kind === 'note' ? undefined : 'rt-mono'}
        rows={Math.min(28, Math.max(kind === 'json' ? 4 : 3, text.split('\n').length + 1))}
        resizeOrientation="vertical"
        spellCheck={kind === 'note'}
        isRequired={required}
        validated={validated}
        value={text}
        onChange={(_, next) => onChange(next)}
      />
    );
  }
  return (
    <TextInput
      id={name}
      type={kind in TYPES ? TYPES[kind as keyof typeof TYPES] : 'text'}
      autoComplete={kind === 'secret' ? 'new-password' : 'off'}
      isRequired={required}
      validated={validated}
      value={says(value)}
      onChange={(_, next) => onChange(next)}
    />
  );
}

export function FieldInput(props: Props) {
  const { field, value, onChange, fault } = props;
  if (field.kind === 'flag') {
    return (
      <Checkbox
        id={field.name}
        label={field.label}
        description={field.help}
        isChecked={value === true}
        onChange={(_, ticked) => onChange(ticked)}
      />
    );
  }
  const group = field.kind === 'choices' ? ({ role: 'group' } as const) : {};
  return (
    <FormGroup label={field.label} fieldId={field.name} isRequired={field.required} {...group}>
      <Typed {...props} />
      {(fault || field.help) && (
        <FormHelperText>
          <HelperText isLiveRegion={Boolean(fault)}>
            {fault && <HelperTextItem variant="error">{fault}</HelperTextItem>}
            {field.help && <HelperTextItem>{field.help}</HelperTextItem>}
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}
