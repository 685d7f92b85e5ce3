import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Identity, KnownIssue } from '@/api/types';
import { id, PRODUCT_ID, TEAM_A, topic, TOPIC_ID } from '../../../mock/catalog';
import { ISSUE, makeIssues } from '../../../mock/issues';
import { open } from '../../../test/render';
import { server } from '../../../test/server';
import { changesOf, endOf, mayKeep, standingOf, toIssueParams, wordsOf } from './issues';
import { namingAddress } from './naming';

const [known] = makeIssues() as [KnownIssue];
const NOW = Date.UTC(2026, 0, 15, 12, 0, 30);
const asked = (search: string) => toIssueParams(new URLSearchParams(search), [topic], NOW).query;

test('filters are one question to the server', () => {
  expect(asked('')).toBeUndefined();
  expect(asked('q=soft&kind=text&standing=withdrawn')).toBe(
    'and(eq(state,inactive),eq(kind,"text"),or(ilike(name,"%soft%"),ilike(pattern,"%soft%"),ilike(owner,"%soft%")))',
  );
  expect(asked('standing=expired')).toContain('lt(expires_at,2026-01-15T12:00:00)');
  expect(asked(`topic=${TOPIC_ID}`)).toContain(`eq(product_id,${PRODUCT_ID})`);
});

test('a rule is in use until it is withdrawn or its time is over', () => {
  expect(standingOf(known)).toBe('used');
  expect(standingOf({ ...known, expired: true })).toBe('expired');
  expect(standingOf({ ...known, expired: true, state: 'inactive' })).toBe('withdrawn');
});

test('only what differs is sent, and a day counts to its end', () => {
  expect(changesOf(known, wordsOf(known))).toEqual({});
  expect(changesOf(known, { ...wordsOf(known), owner: 'ada', expires_at: endOf('2098-01-01') })).toEqual({
    owner: 'ada',
    expires_at: '2098-01-01T23:59:59',
  });
});

test('rules of everybody are the vendor’s, a team keeps its own', () => {
  const partner = { is_super_admin: false, is_epm: false, teams: { [TEAM_A.id]: TEAM_A } } as unknown as Identity;
  expect(mayKeep(partner, known)).toBe(false);
  expect(mayKeep(partner, { team_id: TEAM_A.id })).toBe(true);
  expect(mayKeep({ ...partner, is_epm: true }, known)).toBe(true);
});

test('a failure begins a rule with its own words', () => {
  const address = new URL(namingAddress({ id: 'g', title: 'x'.repeat(999), topic_id: 't' }), 'http://x');
  expect(address.searchParams.get('pattern')).toBe('g');
  expect(address.searchParams.get('name')?.length).toBeLessThan(250);
});

test('rules are listed with owner and link, and found by their words', async () => {
  const { user, where } = open('/issues');
  const table = await screen.findByRole('table', { name: 'Known issues' });
  expect(within(table).getByRole('link', { name: 'escaped twice' }).getAttribute('href')).toBe(`/issues/${ISSUE}`);
  expect(within(table).getByText('jo')).toBeTruthy();
  expect(within(table).getByRole('link', { name: 'bugs.example.org' })).toBeTruthy();
  await user.type(screen.getByRole('searchbox', { name: /Name, pattern or owner/ }), 'nothing');
  await screen.findByText('No known issue fits these filters');
  expect(where()).toBe('/issues?q=nothing');
});

test('a rule is withdrawn, and taken back with one click', async () => {
  const { user } = open('/issues');
  await user.click(await screen.findByRole('button', { name: 'Withdraw escaped twice' }));
  await screen.findByRole('button', { name: 'Use again escaped twice' });
  expect(server.world.issues[0]?.state).toBe('inactive');
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await screen.findByRole('button', { name: 'Withdraw escaped twice' });
  expect(server.world.issues[0]?.state).toBe('active');
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull());
});

test('a removed rule comes back with all its words', async () => {
  const { user } = open(`/issues/${ISSUE}`);
  await user.click(await screen.findByRole('button', { name: 'Remove escaped twice' }));
  await screen.findByText('Nothing is known yet');
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await screen.findByRole('table', { name: 'Known issues' });
  expect(server.world.issues[0]).toMatchObject(wordsOf(known));
});

test('the page of a rule shows the failures that it names', async () => {
  open(`/issues/${ISSUE}`);
  await screen.findByRole('heading', { name: 'Failures that it names (1)' });
  const [group] = await screen.findAllByRole('article');
  expect(group?.textContent).toContain('Only lab-b');
  expect(group?.textContent).toContain('escaped twice · jo');
});

test('an expired rule says so where it is shown', async () => {
  Object.assign(server.world.issues[0] as KnownIssue, { expired: true });
  open(`/issues/${ISSUE}`);
  await screen.findByText(/Its time is over/);
});

test('a failure is named from where it is seen', async () => {
  const { user, where } = open(`/products/${PRODUCT_ID}`);
  await user.click(await screen.findByRole('link', { name: 'Name it as a known issue' }));
  await screen.findByRole('heading', { name: 'Name a known issue' });
  expect((screen.getByLabelText(/Id of the failure group/) as HTMLInputElement).value).toBe(id(8, 1));
  const name = screen.getByLabelText(/What people know it as/);
  await user.clear(name);
  await user.type(name, 'soft_unicode is gone');
  await user.type(screen.getByLabelText(/Where it is written down/), 'https://bugs.example.org/9');
  await user.click(screen.getByRole('button', { name: 'Name it' }));
  await screen.findByRole('heading', { name: /soft_unicode is gone/ });
  expect(where()).toMatch(/^\/issues\/[0-9a-f-]+$/);
  expect(server.world.issues[0]).toMatchObject({
    kind: 'signature',
    pattern: id(8, 1),
    owner: 'admin',
    topic_id: TOPIC_ID,
    link: 'https://bugs.example.org/9',
  });
});

test('a refused rule says why and keeps what was typed', async () => {
  const { user } = open('/issues/new');
  await user.type(await screen.findByLabelText(/What people know it as/), 'short');
  await user.type(screen.getByLabelText(/^Words/), 'ab');
  await user.click(screen.getByRole('button', { name: 'Name it' }));
  await screen.findByText('pattern: 3 to 500 characters');
  expect((screen.getByLabelText(/What people know it as/) as HTMLInputElement).value).toBe('short');
});

test('an edited rule sends its changes alone', async () => {
  const { user, where } = open(`/issues/${ISSUE}/edit`);
  const owner = await screen.findByLabelText(/^Owner/);
  await user.clear(owner);
  await user.type(owner, 'ada');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(where()).toBe(`/issues/${ISSUE}`));
  expect(server.world.issues[0]?.owner).toBe('ada');
  const put = server.calls.find((call) => call.method === 'PUT');
  expect(put?.headers.get('If-match')).toBe(known.etag);
});
