/** Keys of a machine: how many work, until when, and a fresh one without a gap. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { useState } from 'react';
import { endKey, machineKeysQuery, replaceKey } from '@/api/queries/stored';
import type { MachineKey, Stored } from '@/api/types';
import { ConfirmButton } from '@/components/ConfirmButton';
import { ErrorBox } from '@/components/ErrorBox';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import type { PanelProps } from './describe';
import { Once } from './Once';
import { useRenew } from './useActs';

/** Seconds that the old key goes on working. */
const OVERLAPS = [
  [0, 'ends at once'],
  [3_600, 'works one hour more'],
  [86_400, 'works one day more'],
  [604_800, 'works one week more'],
] as const;

interface OneProps {
  noun: string;
  stored: Stored;
  one: MachineKey;
  isLast: boolean;
}

function OneKey({ noun, stored, one, isLast }: OneProps) {
  const renew = useRenew();
  return (
    <li>
      <span>
        Made <Time at={one.created_at} />
        {one.retires_at && (
          <>
            , ends <Time at={one.retires_at} />
          </>
        )}
      </span>
      <ConfirmButton
        label="End"
        variant="link"
        danger
        question="End this key?"
        explain={
          isLast
            ? 'It is the only one: the machine cannot speak to the server until it has another.'
            : 'Whatever uses it is refused from this moment.'
        }
        confirm="End it"
        onConfirm={async () => {
          await endKey(noun, stored.id, stored, one.id);
          await renew();
        }}
      />
    </li>
  );
}

export function Keys({ resource, stored, may }: PanelProps) {
  const query = useQuery({ ...machineKeysQuery(resource.noun, stored.id), enabled: may });
  const renew = useRenew();
  const [overlap, setOverlap] = useState<number>(OVERLAPS[0][0]);
  const rotate = useMutation({
    mutationFn: () => replaceKey(resource, stored, overlap),
    onSuccess: renew,
  });
  if (!may) return null;
  return (
    <section className="rt-card" aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <p className="rt-muted rt-small">
        What the machine proves itself with. A fresh one is shown once; the old one may go on for a while, so
        that nothing stands still.
      </p>
      {rotate.data && <Once resource={resource} stored={stored} secret={rotate.data} />}
      {rotate.error && <ErrorBox error={rotate.error} />}
      <QueryView query={query}>
        {(keys) =>
          keys.length === 0 ? (
            <p className="rt-warn">It has no key: it cannot speak to the server.</p>
          ) : (
            <ul className="rt-admin-links">
              {keys.map((one) => (
                <OneKey
                  key={one.id}
                  noun={resource.noun}
                  stored={stored}
                  one={one}
                  isLast={keys.length === 1}
                />
              ))}
            </ul>
          )
        }
      </QueryView>
      <form
        className="rt-admin-add"
        aria-label="Replace the key"
        onSubmit={(event) => {
          event.preventDefault();
          rotate.mutate();
        }}
      >
        <FormSelect
          aria-label="The old key"
          value={overlap}
          onChange={(_, seconds) => setOverlap(Number(seconds))}
        >
          {OVERLAPS.map(([seconds, says]) => (
            <FormSelectOption key={seconds} value={seconds} label={`The old one ${says}`} />
          ))}
        </FormSelect>
        <Button type="submit" variant="secondary" isLoading={rotate.isPending} isDisabled={rotate.isPending}>
          Make a fresh key
        </Button>
      </form>
    </section>
  );
}
