/** What is done to a resource from a page: each is told, with a way to take it back. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { archiveStored, changeStored, ChangedMeanwhile, take, type Step } from '@/api/queries/stored';
import type { Stored } from '@/api/types';
import { useNotice } from '@/components/Notices';
import type { Resource } from './describe';
import { reverse, whole } from './fields';

/** What is administered is shown everywhere: all that is on the screen is asked for again. */
export function useRenew(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries();
}

/** Change some fields; taking it back sends what was there before. */
export function useChange(resource: Resource) {
  const renew = useRenew();
  const tell = useNotice();
  return useMutation({
    mutationFn: async ({ stored, body, says }: { stored: Stored; body: Record<string, unknown>; says: string }) => {
      const changed = await changeStored(resource, stored, whole(resource, stored, body));
      const back = reverse(stored, body);
      const undo = async () => {
        await changeStored(resource, changed, whole(resource, changed, back));
        await renew();
      };
      if (Object.keys(back).length > 0) tell({ text: says, undo });
      await renew();
      return changed;
    },
    onError: async (error) => {
      if (error instanceof ChangedMeanwhile) await renew();
    },
  });
}

/** Rest or go on. */
export function useRest(resource: Resource) {
  const change = useChange(resource);
  const rest = (stored: Stored) => {
    const state = stored.state === 'active' ? 'inactive' : 'active';
    const says = `${state === 'active' ? 'Activated' : 'Deactivated'} “${stored.name}”`;
    change.mutate({ stored, body: { state }, says });
  };
  return { rest, isPending: change.isPending, error: change.error };
}

export function useArchive(resource: Resource): (stored: Stored) => Promise<void> {
  const renew = useRenew();
  return async (stored) => {
    try {
      await archiveStored(resource, stored);
    } finally {
      await renew();
    }
  };
}

/** Join or part two things; the other way round takes it back. */
export function useSteps() {
  const renew = useRenew();
  const tell = useNotice();
  return useMutation({
    mutationFn: async ({ step, back, says }: { step: Step; back: Step; says: string }) => {
      await take(step);
      tell({
        text: says,
        undo: async () => {
          await take(back);
          await renew();
        },
      });
      await renew();
    },
  });
}
