/** Chooses one of another resource; where there are many, a few letters narrow them. */
import { useQuery } from '@tanstack/react-query';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { useState } from 'react';
import { storedListQuery, storedQuery } from '@/api/queries/stored';
import type { Id, Stored } from '@/api/types';
import { plural } from '@/format/size';
import type { Noun } from './describe';
import { resourceOf } from './resources';

const SHOWN = 100;

interface Props {
  id: string;
  to: Noun;
  value: Id;
  /** With the name, for words about it. */
  onChange: (id: Id, name: string) => void;
  /** What no choice is called. */
  none: string;
  label?: string;
  required?: boolean;
  fits?: (stored: Stored) => boolean;
  /** Narrows what is asked for. */
  where?: readonly (readonly [string, string])[];
}

export function RefPicker({ id, to, value, onChange, none, label, required, fits, where = [] }: Props) {
  const [typed, setTyped] = useState('');
  const source = resourceOf(to);
  const name = typed.trim();
  const asked = { limit: SHOWN, offset: 0, sort: 'name' };
  const found = useQuery(
    storedListQuery(source, { ...asked, where: [...where, ...(name ? ([['name', `${name}*`]] as const) : [])] }),
  );
  const chosen = useQuery({ ...storedQuery(source, value), enabled: value !== '' });
  const items = (found.data?.items ?? []).filter((one) => !fits || fits(one));
  const isMissing = value !== '' && !items.some((one) => one.id === value);
  const isMany = (found.data?.count ?? 0) > SHOWN || name !== '';
  return (
    <>
      {isMany && (
        <TextInput
          type="search"
          aria-label={`Letters of the ${source.word}’s name`}
          placeholder={`Find a ${source.word}…`}
          value={typed}
          onChange={(_, text) => setTyped(text)}
        />
      )}
      <FormSelect
        id={id}
        aria-label={label}
        value={value}
        isRequired={required}
        onChange={(_, next) => onChange(next, items.find((one) => one.id === next)?.name ?? '')}
      >
        <FormSelectOption value="" label={none} isDisabled={required && value !== ''} />
        {isMissing && <FormSelectOption value={value} label={chosen.data?.name ?? value.slice(0, 8)} />}
        {items.map((one) => (
          <FormSelectOption
            key={one.id}
            value={one.id}
            label={one.state && one.state !== 'active' ? `${one.name} (${one.state})` : one.name}
          />
        ))}
      </FormSelect>
      {isMany && found.data && (
        <span className="rt-muted rt-small" role="status">
          {found.data.count > SHOWN
            ? `The first ${SHOWN} of ${plural(found.data.count, source.word)}: type letters of the name`
            : `${plural(found.data.count, source.word)} with these letters`}
        </span>
      )}
    </>
  );
}
