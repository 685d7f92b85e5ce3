/** Filters by a text while one types, without a request per key; the text is in the address. */
import { TextInput } from 'pf/TextInput';
import { useEffect, useState } from 'react';
import { useAddress, type Values } from './useAddress';

const TYPING_MS = 300;

interface Props {
  /** The parameter of the address. */
  param: string;
  label: string;
  /** What else goes into the address with the text. */
  also?: Values;
}

export function SearchField({ param, label, also }: Props) {
  const { get, set } = useAddress();
  const inAddress = get(param);
  const [text, setText] = useState(inAddress);
  useEffect(() => setText(inAddress), [inAddress]);
  useEffect(() => {
    const typed = text.trim();
    if (typed === inAddress) return undefined;
    const timer = setTimeout(() => set({ ...also, [param]: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, inAddress, param, also, set]);
  return (
    <TextInput
      type="search"
      data-search
      aria-label={label}
      placeholder={`${label}…  ( / )`}
      value={text}
      onChange={(_, value) => setText(value)}
      className="rt-field"
    />
  );
}
