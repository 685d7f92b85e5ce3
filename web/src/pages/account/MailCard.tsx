/** What is mailed: failed jobs of labs, new components of topics. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Checkbox } from 'pf/Checkbox';
import { keys } from '@/api/keys';
import { followedTopicsQuery, followLab, followTopic } from '@/api/queries/account';
import { topicsQuery } from '@/api/queries/catalog';
import { labsQuery } from '@/api/queries/labs';
import type { Id, Named, Profile } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { QueryView } from '@/components/QueryView';

interface ListProps {
  title: string;
  none: string;
  things: readonly Named[];
  followed: readonly Named[];
  stale: readonly unknown[];
  follow: (id: Id, follow: boolean) => Promise<void>;
}

function FollowList({ title, none, things, followed, stale, follow }: ListProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ id, on }: { id: Id; on: boolean }) => follow(id, on),
    onSettled: () => client.invalidateQueries({ queryKey: stale }),
  });
  const mine = new Set(followed.map(({ id }) => id));
  return (
    <fieldset className="rt-follow" disabled={change.isPending}>
      <legend>{title}</legend>
      {change.isError && <ErrorBox error={change.error} />}
      {things.length === 0 && <p className="rt-muted">{none}</p>}
      {things.map(({ id, name }) => (
        <Checkbox
          key={id}
          id={`follow-${id}`}
          label={name}
          isChecked={mine.has(id)}
          onChange={(_, on) => change.mutate({ id, on })}
        />
      ))}
    </fieldset>
  );
}

export function MailCard({ profile }: { profile: Profile }) {
  const labs = useQuery(labsQuery).data ?? [];
  const topics = useQuery(topicsQuery).data ?? [];
  return (
    <section className="rt-card rt-account-card" aria-labelledby="mail">
      <h2 id="mail">Mail</h2>
      <p className="rt-muted">
        {profile.email ? (
          <>
            Goes to <code>{profile.email}</code>.
          </>
        ) : (
          'Give an e-mail address in your profile first.'
        )}
      </p>
      <div className="rt-follow-lists">
        <FollowList
          title="Failed jobs of these labs"
          none="No lab yet."
          things={labs}
          followed={profile.remotecis}
          stale={keys.profile}
          follow={(id, on) => followLab(id, profile.id, on)}
        />
        <QueryView query={useQuery(followedTopicsQuery)}>
          {(followed) => (
            <FollowList
              title="New components of these topics"
              none="No topic yet."
              things={topics}
              followed={followed}
              stale={keys.followed}
              follow={followTopic}
            />
          )}
        </QueryView>
      </div>
    </section>
  );
}
