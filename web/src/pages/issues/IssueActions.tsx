/** What can be done with a rule, each taken back with one click. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { keys } from '@/api/keys';
import { identityQuery } from '@/api/queries/identity';
import { changeIssue, createIssue, removeIssue, type IssueChange } from '@/api/queries/issues';
import type { KnownIssue } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { useNotice } from '@/components/Notices';
import { mayKeep, standingOf, wordsOf } from './issues';

/** What rules name is shown with failures everywhere. */
export function useStaleIssues(): () => Promise<unknown> {
  const client = useQueryClient();
  return () =>
    Promise.all(
      [keys.issues, keys.groups, keys.health].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
}

interface Props {
  issue: KnownIssue;
  /** Where to be when the rule is gone; none on a list. */
  home?: string;
}

export function IssueActions({ issue, home }: Props) {
  const identity = useQuery(identityQuery).data;
  const tell = useNotice();
  const navigate = useNavigate();
  const renew = useStaleIssues();
  const change = useMutation({
    mutationFn: async ({ to, back, text }: { to: IssueChange; back: IssueChange; text: string }) => {
      const changed = await changeIssue(issue, to);
      await renew();
      tell({ text, undo: async () => (await changeIssue(changed, back), renew()) });
    },
  });
  const remove = useMutation({
    mutationFn: async () => {
      await removeIssue(issue);
      // The same rule again: what it names is found again too.
      const again = { ...wordsOf(issue), state: issue.state };
      tell({ text: `Removed “${issue.name}”`, undo: async () => (await createIssue(again), renew()) });
      if (home) await navigate(home);
      await renew();
    },
  });
  if (!identity || !mayKeep(identity, issue)) return null;
  const standing = standingOf(issue);
  const withdraw = () =>
    change.mutate({
      to: { state: 'inactive' },
      back: { state: 'active' },
      text: `Withdrew “${issue.name}”`,
    });
  const useAgain = () =>
    change.mutate({
      to: standing === 'expired' ? { expires_at: null } : { state: 'active' },
      back: { state: 'inactive' },
      text: `“${issue.name}” is in use again`,
    });
  const busy = change.isPending || remove.isPending;
  const failed = change.error ?? remove.error;
  return (
    <span className="rt-issue-actions">
      <Button
        variant="link"
        isInline
        component={(props: object) => <Link {...props} to={`/issues/${issue.id}/edit`} />}
        aria-label={`Edit ${issue.name}`}
      >
        Edit
      </Button>
      <Button
        variant="link"
        isInline
        isDisabled={busy}
        onClick={standing === 'used' ? withdraw : useAgain}
        aria-label={`${standing === 'used' ? 'Withdraw' : 'Use again'} ${issue.name}`}
      >
        {standing === 'used' ? 'Withdraw' : 'Use again'}
      </Button>
      <Button
        variant="link"
        isInline
        isDanger
        isDisabled={busy}
        onClick={() => remove.mutate()}
        aria-label={`Remove ${issue.name}`}
      >
        Remove
      </Button>
      {failed && <ErrorBox error={failed} />}
    </span>
  );
}
