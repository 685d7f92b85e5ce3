/** What belongs to a thing: listed, added, taken away, and each of these taken back. */
import { useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { useState } from 'react';
import { Link as To } from 'react-router';
import { linkedQuery } from '@/api/queries/stored';
import type { Identity, Stored } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { QueryView } from '@/components/QueryView';
import type { Link } from './describe';
import { RefPicker } from './RefPicker';
import { resourceOf } from './resources';
import { useSteps } from './useActs';

interface Props {
  link: Link;
  identity: Identity;
  stored: Stored;
}

export function Links({ link, identity, stored }: Props) {
  const query = useQuery(linkedQuery(link.list(stored.id), link.noun));
  const steps = useSteps();
  const [chosen, setChosen] = useState('');
  const [name, setName] = useState('');
  const may = link.may(identity, stored);
  const word = resourceOf(link.to).word;
  const heading = `${link.noun}-${link.title}`.replace(/\W+/g, '-').toLowerCase();
  const isThere = new Set([stored.id, ...(query.data ?? []).map(({ id }) => id)]);
  const add = (other: string) => {
    const step = link.add(stored.id, other);
    const back = link.drop(stored.id, other);
    const said = name || `the ${word}`;
    steps.mutate({ step, back, says: `Added ${said}` }, { onSuccess: () => setChosen('') });
  };
  const drop = ({ id, name: other }: Stored) =>
    steps.mutate({ step: link.drop(stored.id, id), back: link.add(stored.id, id), says: `Removed ${other}` });
  return (
    <section className="rt-card" aria-labelledby={heading}>
      <h2 id={heading}>
        {link.title} {query.data && <span className="rt-muted rt-small">{query.data.length}</span>}
      </h2>
      <p className="rt-muted rt-small">{link.says}</p>
      {steps.error && <ErrorBox error={steps.error} />}
      <QueryView query={query}>
        {(others) =>
          others.length === 0 ? (
            <p className="rt-muted">None yet.</p>
          ) : (
            <ul className="rt-admin-links">
              {others.map((other) => (
                <li key={other.id}>
                  <To to={`/admin/${link.to}/${other.id}`}>{other.name}</To>
                  {may && (
                    <Button
                      variant="link"
                      isInline
                      isDanger
                      isDisabled={steps.isPending}
                      aria-label={`Remove ${other.name}`}
                      onClick={() => drop(other)}
                    >
                      Remove
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {may && (
        <form
          className="rt-admin-add"
          aria-label={`Add to ${link.title.toLowerCase()}`}
          onSubmit={(event) => {
            event.preventDefault();
            if (chosen) add(chosen);
          }}
        >
          <RefPicker
            id={`add-${heading}`}
            label={`A ${word} to add`}
            to={link.to}
            value={chosen}
            none={`Add a ${word}…`}
            fits={({ id }) => !isThere.has(id)}
            onChange={(id, picked) => {
              setChosen(id);
              setName(picked);
            }}
          />
          <Button type="submit" variant="secondary" isDisabled={!chosen || steps.isPending}>
            Add
          </Button>
        </form>
      )}
    </section>
  );
}
