/** A new known issue, and one that changes: addresses of their own, so that a link can begin one. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { identityQuery } from '@/api/queries/identity';
import { changeIssue, createIssue, issueQuery } from '@/api/queries/issues';
import type { Identity, IssueWords, KnownIssue } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { useAddress } from '@/components/useAddress';
import { useStaleIssues } from './IssueActions';
import { IssueForm } from './IssueForm';
import { changesOf, keepsAll, wordsFrom, wordsOf } from './issues';

export function NewIssuePage() {
  return (
    <QueryView query={useQuery(identityQuery)}>
      {(identity) => <NewIssue identity={identity} />}
    </QueryView>
  );
}

function NewIssue({ identity }: { identity: Identity }) {
  const { params } = useAddress();
  const navigate = useNavigate();
  const renew = useStaleIssues();
  const begin = wordsFrom(params, identity.name ?? '');
  const team = keepsAll(identity) ? null : (Object.keys(identity.teams)[0] ?? null);
  const save = async (words: IssueWords) => {
    const { id } = await createIssue(words);
    await renew();
    await navigate(`/issues/${id}`, { replace: true });
  };
  return (
    <>
      <PageHead title="Name a known issue" crumbs={[['/issues', 'Known issues']]} />
      <IssueForm
        title="New known issue"
        identity={identity}
        begin={{ ...begin, team_id: team }}
        isNew
        onSave={save}
        back="/issues"
      />
    </>
  );
}

export function EditIssuePage() {
  const { id = '' } = useParams();
  const identity = useQuery(identityQuery);
  const issue = useQuery(issueQuery(id));
  return (
    <QueryView query={identity}>
      {(who) => (
        <QueryView query={issue}>
          {(found) => <EditIssue key={found.id} identity={who} issue={found} />}
        </QueryView>
      )}
    </QueryView>
  );
}

function EditIssue({ identity, issue }: { identity: Identity; issue: KnownIssue }) {
  const navigate = useNavigate();
  const renew = useStaleIssues();
  const back = `/issues/${issue.id}`;
  const save = async (words: IssueWords) => {
    await changeIssue(issue, changesOf(issue, words));
    await renew();
    await navigate(back, { replace: true });
  };
  return (
    <>
      <PageHead
        title={`Edit “${issue.name}”`}
        crumbs={[['/issues', 'Known issues'], [back, issue.name]]}
      />
      <IssueForm
        title="Known issue"
        identity={identity}
        begin={wordsOf(issue)}
        isNew={false}
        onSave={save}
        back={back}
      />
    </>
  );
}
