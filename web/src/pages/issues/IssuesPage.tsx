/** What somebody knows already: rules that name failures, so that what is left is new. */
import { useQuery } from '@tanstack/react-query';
import TagIcon from 'icons/tag-icon';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Link } from 'react-router';
import { topicsQuery } from '@/api/queries/catalog';
import { issuesQuery } from '@/api/queries/issues';
import type { KnownIssue, Topic } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { OutsideLink } from '@/components/OutsideLink';
import { PageHead } from '@/components/PageHead';
import { Pager } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { useNow } from '@/components/useNow';
import { plural } from '@/format/size';
import { IssueActions } from './IssueActions';
import { Names, StandingLabel, Where } from './IssueParts';
import { KIND_WORDS, STANDINGS, standingOf, toIssueParams } from './issues';

const FILTERS = ['q', 'standing', 'kind', 'topic'];

function Filters({ topics }: { topics: readonly Topic[] }) {
  const { get, set } = useAddress();
  const choices = [
    ['standing', 'Standing', Object.entries(STANDINGS).map(([id, { name }]) => [id, name])],
    ['kind', 'Kind', Object.entries(KIND_WORDS).map(([id, { name }]) => [id, name])],
    ['topic', 'Applies to', topics.map(({ id, name }) => [id, name])],
  ] as const;
  return (
    <div className="rt-filters" role="search" aria-label="Filter known issues">
      <SearchField param="q" label="Name, pattern or owner contains" />
      {choices.map(([param, label, options]) => (
        <FormSelect
          key={param}
          aria-label={label}
          className="rt-select"
          value={get(param)}
          onChange={(_, value) => set({ [param]: value }, { step: true })}
        >
          <FormSelectOption value="" label={`${label}: any`} />
          {options.map(([value, name]) => (
            <FormSelectOption key={value} value={value} label={`${label}: ${name}`} />
          ))}
        </FormSelect>
      ))}
    </div>
  );
}

function IssueTable({ issues, busy }: { issues: readonly KnownIssue[]; busy: boolean }) {
  return (
    <DataTable
      label="Known issues"
      busy={busy}
      columns={['Known as', 'Standing', 'Names failures with', 'Where', 'Owner', 'Ends', 'Written down', 'Actions']}
    >
      {issues.map((issue) => (
        <Row key={issue.id}>
          <Cell label="Known as">
            <Link to={`/issues/${issue.id}`} className="rt-strong" title="The failures that it names">
              {issue.name}
            </Link>
          </Cell>
          <Cell label="Standing">
            <StandingLabel issue={issue} />
          </Cell>
          <Cell label="Names failures with">
            <Names issue={issue} />
          </Cell>
          <Cell label="Where">
            <Where issue={issue} />
          </Cell>
          <Cell label="Owner">{issue.owner}</Cell>
          <Cell label="Ends">{issue.expires_at ? <Time at={issue.expires_at} /> : 'never'}</Cell>
          <Cell label="Written down">
            {issue.link ? <OutsideLink to={issue.link} /> : '–'}
          </Cell>
          <Cell label="Actions">
            <IssueActions issue={issue} />
          </Cell>
        </Row>
      ))}
    </DataTable>
  );
}

const columnsOf = (issues: readonly KnownIssue[]) => [
  { name: 'id', values: issues.map(({ id }) => id) },
  { name: 'name', values: issues.map(({ name }) => name) },
  { name: 'standing', values: issues.map(standingOf) },
  { name: 'kind', values: issues.map(({ kind }) => kind) },
  { name: 'pattern', values: issues.map(({ pattern }) => pattern) },
  { name: 'owner', values: issues.map(({ owner }) => owner) },
  { name: 'expires_at', values: issues.map(({ expires_at }) => expires_at) },
  { name: 'link', values: issues.map(({ link }) => link) },
];

export function IssuesPage() {
  const { params, get } = useAddress();
  const topics = useQuery(topicsQuery).data ?? [];
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const query = useQuery(issuesQuery(toIssueParams(params, topics, minute)));
  const filtered = FILTERS.some((name) => get(name) !== '');
  return (
    <>
      <PageHead
        title="Known issues"
        lead="Failures that somebody knows: whoever meets one sees whose it is and where it is written down."
        actions={
          <Button component={(props: object) => <Link {...props} to="/issues/new" />}>
            Name a known issue
          </Button>
        }
      />
      <Filters topics={topics} />
      <QueryView query={query} loading={<Bars count={5} />}>
        {(page) =>
          page.items.length === 0 ? (
            <Teach
              title={filtered ? 'No known issue fits these filters' : 'Nothing is known yet'}
              icon={TagIcon}
              commands={filtered ? [] : ['ringtest issue add NAME --kind text --pattern WORDS --owner OWNER']}
            >
              A rule names failures by their words, by a pattern or one by one. Open a failure on a
              product’s page to name it from there.
            </Teach>
          ) : (
            <>
              <div className="rt-answers-head">
                <p className="rt-muted">{plural(page.count, 'rule')}</p>
                <Exports name="known-issues" json={page.items} columns={() => columnsOf(page.items)} />
              </div>
              <IssueTable issues={page.items} busy={query.isPlaceholderData} />
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
