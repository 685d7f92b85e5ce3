/** The same failure under two names? Groups that look alike, made one by a person, and taken apart. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { useState } from 'react';
import { keys } from '@/api/keys';
import { mergeGroup, similarQuery, unmergeGroup } from '@/api/queries/groups';
import { identityQuery } from '@/api/queries/identity';
import type { FailureGroup, Id, SimilarGroup } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { useNotice } from '@/components/Notices';
import { Bars, QueryView } from '@/components/QueryView';

interface Move {
  title: string;
  act: () => Promise<void>;
  undo: () => Promise<void>;
}

/** Both ways renew what shows groups. */
function useMove() {
  const client = useQueryClient();
  const tell = useNotice();
  const renew = () =>
    Promise.all([keys.health, keys.groups].map((queryKey) => client.invalidateQueries({ queryKey })));
  return useMutation({
    mutationFn: async ({ title, act, undo }: Move) => {
      await act();
      tell({ text: title, undo: async () => (await undo(), renew()) });
      await renew();
    },
  });
}

export function Alike({ group }: { group: FailureGroup }) {
  const [asked, setAsked] = useState(false);
  const identity = useQuery(identityQuery).data;
  const query = useQuery({ ...similarQuery(group.id), enabled: asked });
  const move = useMove();
  // A group is that of every team: the vendor's people say what is one.
  const mayMerge = Boolean(identity?.is_super_admin || identity?.is_epm);
  const parts = group.merged ?? [];
  const merge = (one: SimilarGroup) =>
    move.mutate({
      title: `“${one.title}” is a part of this failure`,
      act: () => mergeGroup(one.id, group.id),
      undo: () => unmergeGroup(one.id),
    });
  const takeOut = (one: { id: Id; title: string }) =>
    move.mutate({
      title: `“${one.title}” stands by itself again`,
      act: () => unmergeGroup(one.id),
      undo: () => mergeGroup(one.id, group.id),
    });
  return (
    <div>
      <h3 className="rt-part">The same under another name</h3>
      {parts.length > 0 && (
        <ul className="rt-alike">
          {parts.map((one) => (
            <li key={one.id}>
              <span>{one.title}</span>
              {mayMerge && (
                <Button variant="link" isInline isDisabled={move.isPending} onClick={() => takeOut(one)}>
                  Take it out
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {move.isError && <ErrorBox error={move.error} />}
      {asked ? (
        <QueryView query={query} loading={<Bars count={1} height="1rem" />}>
          {(similar) => (
            <Similar similar={similar} onMerge={mayMerge ? merge : undefined} busy={move.isPending} />
          )}
        </QueryView>
      ) : (
        <Button variant="link" isInline onClick={() => setAsked(true)}>
          What looks like it?
        </Button>
      )}
    </div>
  );
}

interface SimilarProps {
  similar: readonly SimilarGroup[];
  onMerge: ((one: SimilarGroup) => void) | undefined;
  busy: boolean;
}

function Similar({ similar, onMerge, busy }: SimilarProps) {
  if (similar.length === 0) return <p className="rt-muted">No other failure of this topic reads like it.</p>;
  return (
    <ul className="rt-alike" aria-label="Looks like it">
      {similar.map((one) => (
        <li key={one.id}>
          <span className="rt-muted" title="How much of the text is the same">
            {Math.round(one.score * 100)} %
          </span>
          <span>{one.title}</span>
          {onMerge && (
            <Button variant="link" isInline isDisabled={busy} onClick={() => onMerge(one)}>
              It is the same
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
