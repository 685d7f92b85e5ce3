/** Known issues, what they name, and groups that are one: as far as the pages ask. */
import type { FailureGroup, KnownIssue } from '@/api/types';
import { before, id } from './catalog.ts';
import { list, ok, refuse, type Answer, type Asked, type Route } from './routing.ts';
import type { World } from './world.ts';

export const ISSUE = id(17, 1);

export function makeIssues(): KnownIssue[] {
  return [
    {
      id: ISSUE,
      etag: 'e'.repeat(32),
      created_at: before(400),
      updated_at: before(400),
      state: 'active',
      name: 'escaped twice',
      kind: 'text',
      pattern: '&lt;em&gt;',
      owner: 'jo',
      topic_id: null,
      product_id: null,
      team_id: null,
      expires_at: '2099-12-31T23:59:59',
      expired: false,
      link: 'https://bugs.example.org/7',
      note: 'Mended in the next minor version.',
      labelled_at: before(399),
    },
  ];
}

function names({ kind, pattern, state, expired }: KnownIssue, group: FailureGroup): boolean {
  if (state !== 'active' || expired) return false;
  if (kind === 'signature') return pattern === group.id;
  const text = `${group.title}\n${group.sample?.text ?? ''}`;
  return kind === 'regex'
    ? new RegExp(pattern).test(text)
    : text.toLowerCase().includes(pattern.toLowerCase());
}

/** Groups with the rules that know them and the groups that are a part of them. */
export function shownGroups({ groups, issues, merges }: World): FailureGroup[] {
  return groups
    .filter((group) => !merges.has(group.id))
    .map((group) => ({
      ...group,
      known_issues: issues
        .filter((issue) => names(issue, group))
        .map(({ id, name, owner, link, expired }) => ({ id, name, owner, link, expired })),
      merged: groups.filter((other) => merges.get(other.id) === group.id),
    }));
}

function withIssue({ world, params }: Asked, answer: (issue: KnownIssue) => Answer): Answer {
  const issue = world.issues.find((one) => one.id === params[0]);
  return issue ? answer(issue) : refuse(404, 'known issue not found');
}

/** Of the query language, what the page of known issues writes. */
function fitsQuery(issue: KnownIssue, query: string): boolean {
  const like = /ilike\(name,"%(.*?)%"\)/.exec(query)?.[1]?.toLowerCase() ?? '';
  const state = /eq\(state,(\w+)\)/.exec(query)?.[1];
  const kind = /eq\(kind,"(\w+)"\)/.exec(query)?.[1];
  const texts = [issue.name, issue.pattern, issue.owner].map((text) => text.toLowerCase());
  return (
    texts.some((text) => text.includes(like)) &&
    (!state || issue.state === state) &&
    (!kind || issue.kind === kind)
  );
}

export const ISSUE_ROUTES: Route[] = [
  ['GET', /^\/known_issues$/, ({ world, query }) =>
    list('known_issues', world.issues.filter((issue) => fitsQuery(issue, query.get('query') ?? '')), query)],
  ['POST', /^\/known_issues$/, ({ world, body }) => {
    if (String(body.pattern).length < 3) return refuse(400, 'pattern: 3 to 500 characters');
    const [base] = makeIssues();
    const issue = {
      ...base,
      expires_at: null,
      link: null,
      note: null,
      ...body,
      id: id(17, world.issues.length + 2),
      created_at: before(0),
    } as KnownIssue;
    world.issues.unshift(issue);
    return ok({ known_issue: issue }, 201);
  }],
  ['GET', /^\/known_issues\/([^/]+)$/, (asked) => withIssue(asked, (issue) => ok({ known_issue: issue }))],
  ['PUT', /^\/known_issues\/([^/]+)$/, (asked) => withIssue(asked, (issue) => {
    Object.assign(issue, asked.body);
    return ok({ known_issue: { ...issue } });
  })],
  ['DELETE', /^\/known_issues\/([^/]+)$/, (asked) => withIssue(asked, (issue) => {
    asked.world.issues = asked.world.issues.filter((other) => other !== issue);
    return { status: 204 };
  })],
  ['GET', /^\/failure_groups$/, ({ world, query }) => {
    const issue = query.get('known_issue');
    const shown = shownGroups(world).filter(
      (group) => !issue || group.known_issues?.some((one) => one.id === issue),
    );
    return list('failure_groups', shown, query);
  }],
  ['GET', /^\/failure_groups\/([^/]+)$/, ({ world, params }) => {
    const group = shownGroups(world).find((one) => one.id === params[0]);
    return group ? ok({ failure_group: group }) : refuse(404, 'failure group not found');
  }],
  ['GET', /^\/failure_groups\/([^/]+)\/similar$/, ({ world, params }) => {
    const others = shownGroups(world).filter((one) => one.id !== params[0]);
    const similar = others.map(({ id: one, title }) => ({ id: one, title, score: 0.82 }));
    return ok({ similar, _meta: { count: similar.length, compared: similar.length } });
  }],
  ['POST', /^\/failure_groups\/([^/]+)\/merge$/, ({ world, params, body }) => {
    world.merges.set(params[0] ?? '', String(body.into));
    return ok({ failure_group: shownGroups(world).find((one) => one.id === body.into) });
  }],
  ['DELETE', /^\/failure_groups\/([^/]+)\/merge$/, ({ world, params }) => {
    world.merges.delete(params[0] ?? '');
    return { status: 204 };
  }],
];
