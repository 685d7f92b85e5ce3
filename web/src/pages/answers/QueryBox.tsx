/** Which jobs a question is about, in the query language. */
import { Button } from 'pf/Button';
import { TextInput } from 'pf/TextInput';
import { useState, type FormEvent } from 'react';

/** The query is asked when it is finished, not at every letter. */
export function QueryBox({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [draft, setDraft] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  return (
    <form className="rt-span" role="search" onSubmit={submit}>
      <TextInput
        aria-label="Which jobs"
        className="rt-query"
        value={draft}
        onChange={(_, text) => setDraft(text)}
      />
      <Button type="submit" variant="secondary">
        Ask
      </Button>
      <p className="rt-muted rt-small rt-query-hint">
        Words find names. <code>status:failure</code> <code>remoteci:lab-a</code> <code>since:7d</code>{' '}
        <code>tags:nightly</code> <code>-tags:debug</code> narrow it; <code>or</code> and brackets work.
      </p>
    </form>
  );
}
