/** One known issue: whose it is, until when, and every failure that it names. */
import { useQuery } from '@tanstack/react-query';
import { Spinner } from 'pf/Spinner';
import { useParams } from 'react-router';
import { teamsQuery } from '@/api/queries/catalog';
import { groupQuery, namedGroupsQuery } from '@/api/queries/groups';
import { issueQuery, looksBack } from '@/api/queries/issues';
import type { Id, KnownIssue } from '@/api/types';
import { OutsideLink } from '@/components/OutsideLink';
import { PageHead } from '@/components/PageHead';
import { Pager, readPlace } from '@/components/Pager';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { count } from '@/format/size';
import { bundlesOf } from '@/pages/health/bundles';
import { GroupCard } from '@/pages/health/GroupCard';
import { inOrder } from '@/pages/health/groups';
import { IssueActions } from './IssueActions';
import { Names, StandingLabel, Where } from './IssueParts';
import { STANDINGS, standingOf } from './issues';

function GroupName({ id }: { id: Id }) {
  const group = useQuery(groupQuery(id)).data;
  return <code className="rt-issue-pattern">{group?.title ?? id}</code>;
}

function Facts({ issue }: { issue: KnownIssue }) {
  const teams = useQuery(teamsQuery).data ?? [];
  const team = teams.find(({ id }) => id === issue.team_id);
  return (
    <dl className="rt-facts rt-card">
      <div>
        <dt>Owner</dt>
        <dd>{issue.owner}</dd>
      </div>
      <div>
        <dt>Written down</dt>
        <dd>{issue.link ? <OutsideLink to={issue.link} /> : 'nowhere else'}</dd>
      </div>
      <div>
        <dt>Names failures with</dt>
        <dd>
          <Names issue={issue} /> {issue.kind === 'signature' && <GroupName id={issue.pattern} />}
        </dd>
      </div>
      <div>
        <dt>Where</dt>
        <dd>
          <Where issue={issue} />
        </dd>
      </div>
      <div>
        <dt>Whose rule</dt>
        <dd>{issue.team_id ? (team?.name ?? issue.team_id.slice(0, 8)) : 'everybody’s'}</dd>
      </div>
      <div>
        <dt>Ends</dt>
        <dd>{issue.expires_at ? <Time at={issue.expires_at} full /> : 'never'}</dd>
      </div>
      <div>
        <dt>Made</dt>
        <dd>
          <Time at={issue.created_at} full />
        </dd>
      </div>
      {issue.note && (
        <div className="rt-wide">
          <dt>Note</dt>
          <dd className="rt-issue-note">{issue.note}</dd>
        </div>
      )}
    </dl>
  );
}

function Named({ issue }: { issue: KnownIssue }) {
  const { params } = useAddress();
  const { limit, offset } = readPlace(params);
  const query = useQuery(namedGroupsQuery(issue, limit, offset));
  const waiting = looksBack(issue);
  const standing = standingOf(issue);
  return (
    <section aria-labelledby="named-title">
      <h2 id="named-title">Failures that it names {query.data && `(${count(query.data.count)})`}</h2>
      {waiting && (
        <p className="rt-calm" role="status">
          <Spinner size="md" aria-label="Looking" /> Looking at the failures that were there before
          this rule…
        </p>
      )}
      {standing !== 'used' && <p className="rt-calm">{STANDINGS[standing].hint}.</p>}
      <QueryView query={query}>
        {({ items, count: total }) => (
          <>
            {items.length === 0 && !waiting && standing === 'used' && (
              <p className="rt-calm">
                None yet. Failures are named as they come, in the words of the job or by their group.
              </p>
            )}
            {bundlesOf(inOrder(items)).map((bundle) => (
              <GroupCard key={bundle.lead.id} bundle={bundle} open={false} />
            ))}
            <Pager count={total} />
          </>
        )}
      </QueryView>
    </section>
  );
}

export function IssuePage() {
  const { id = '' } = useParams();
  return (
    <QueryView
      query={useQuery(issueQuery(id))}
      head={<PageHead title="No such known issue" crumbs={[['/issues', 'Known issues']]} />}
    >
      {(issue) => (
        <>
          <PageHead
            title={issue.name}
            tab={`Known issue: ${issue.name}`}
            crumbs={[['/issues', 'Known issues']]}
            badge={<StandingLabel issue={issue} />}
            actions={<IssueActions issue={issue} home="/issues" />}
          />
          <Facts issue={issue} />
          <Named issue={issue} />
        </>
      )}
    </QueryView>
  );
}
