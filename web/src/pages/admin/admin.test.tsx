import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { NEXT_TOPIC, USER } from '../../../mock/admin';
import { LAB_A, TEAM_A, TEAM_B, TOPIC_ID } from '../../../mock/catalog';
import { open } from '../../../test/render';
import { server } from '../../../test/server';
import { withRule } from './Consent';
import { nextSort, toStoredParams } from './list';
import { settingsOf } from './Once';
import { RESOURCES, resourceOf } from './resources';

const puts = () => server.calls.filter(({ method }) => method === 'PUT');
const stored = (noun: 'teams' | 'topics' | 'users', id: string) =>
  server.world.stored[noun].find((one) => one.id === id);

test('filters, order and place of a list are one question', () => {
  const asked = (search: string) => toStoredParams(resourceOf('remotecis'), new URLSearchParams(search));
  expect(asked('q=lab&state=inactive&team_id=t&sort=-last_seen_at&offset=20')).toEqual({
    limit: 20,
    offset: 20,
    sort: '-last_seen_at',
    where: [['name', 'lab*'], ['state', 'inactive'], ['team_id', 't']],
  });
  expect(asked('state=nonsense&sort=password').where).toEqual([]);
  expect(asked('sort=password').sort).toBe('name');
  expect(nextSort('name', 'name')).toBe('-name');
});

test('a rule of consent takes the place of the one about the same', () => {
  const rule = (answer: 'ask' | 'always', asker_team_id: string | null = null) =>
    ({ answer, asker_team_id, product_id: null });
  expect(withRule([rule('ask'), rule('ask', 't')], rule('always'))).toEqual([rule('ask', 't'), rule('always')]);
});

test('a key is shown as the files that agents read', () => {
  const [[name, shell]] = settingsOf('remoteci', 'i', 's', 'http://x') as [[string, string]];
  expect(name).toBe('dcirc.sh');
  expect(shell).toContain('export DCI_CLIENT_ID="remoteci/i"\nexport DCI_API_SECRET="s"');
});

test('a partner is offered only what it may do', async () => {
  server.world.identity = { ...server.world.identity, is_super_admin: false };
  open('/admin/teams');
  await screen.findByRole('link', { name: 'team-a' });
  const tabs = screen.getByRole('navigation', { name: 'What to administer' });
  expect(within(tabs).queryByRole('link', { name: 'Users' })).toBeNull();
  expect(screen.queryByRole('link', { name: 'New team' })).toBeNull();
  expect(screen.queryByRole('button', { name: /Deactivate/ })).toBeNull();
});

test('a partner changes its own labs and reads those of others', async () => {
  server.world.identity = { ...server.world.identity, is_super_admin: false };
  open('/admin/remotecis');
  await screen.findByRole('button', { name: 'Deactivate lab-a' });
  expect(screen.queryByRole('button', { name: 'Deactivate lab-b' })).toBeNull();
});

test('rights are said by role for every resource', () => {
  const person = { id: 'p', name: 'p', fullname: null, email: null, timezone: null };
  const roles = {
    sa: { ...person, is_super_admin: true, teams: {} },
    epm: { ...person, is_epm: true, teams: {} },
    member: { ...person, teams: { t: { name: 't' } } },
    loner: { ...person, teams: {} },
  };
  const ours = { id: 't', etag: '', name: '', created_at: '', team_id: 't' };
  const rights = RESOURCES.map((one) => [
    one.noun,
    Object.entries(roles)
      .map(([role, who]) => `${role}:${one.creates(who) ? 'c' : ''}${one.edits(who, ours) ? 'e' : ''}${one.archives(who, ours) ? 'a' : ''}`)
      .join(' '),
  ]);
  expect(Object.fromEntries(rights)).toEqual({
    teams: 'sa:cea epm:ce member: loner:',
    users: 'sa:cea epm:c member: loner:',
    remotecis: 'sa:cea epm:cea member:cea loner:',
    feeders: 'sa:cea epm:cea member:ea loner:',
    products: 'sa:cea epm: member: loner:',
    topics: 'sa:cea epm:cea member: loner:',
    job_definitions: 'sa:cea epm:cea member:ea loner:',
    trigger_rules: 'sa:cea epm:cea member: loner:',
    report_targets: 'sa:cea epm:cea member:cea loner:',
    tokens: 'sa:ca epm:ca member:ca loner:ca',
  });
});

test('a list is filtered by its address, and says so when nothing fits', async () => {
  const { user, where } = open('/admin/teams');
  await user.type(await screen.findByRole('searchbox', { name: 'Name contains' }), 'zzz');
  await screen.findByText('No team fits');
  expect(where()).toBe('/admin/teams?q=zzz');
  await user.click(screen.getByRole('button', { name: 'Clear all filters' }));
  await screen.findByRole('link', { name: 'team-b' });
});

test('the keyboard walks the rows, opens one, and goes on at its page', async () => {
  const { user, where } = open('/admin/teams');
  await screen.findByRole('link', { name: 'team-b' });
  await user.keyboard('jj{Enter}');
  await screen.findByRole('heading', { level: 1, name: 'team-b' });
  expect(where()).toBe(`/admin/teams/${TEAM_B.id}`);
  expect(document.activeElement?.id).toBe('main');
  expect(document.title).toBe('team-b: team · Ringtest');
});

test('a team is made, and taken back', async () => {
  const { user, where } = open('/admin/teams/new');
  const form = await screen.findByRole('form', { name: 'New team' });
  await user.click(within(form).getByRole('button', { name: 'Create team' }));
  expect(within(form).getByRole('status').textContent).toBe('Name is needed');
  expect(document.activeElement?.id).toBe('name');
  await user.type(within(form).getByRole('textbox', { name: /Name/ }), 'Partner W');
  await user.click(within(form).getByRole('button', { name: 'Create team' }));
  await screen.findByRole('heading', { level: 1, name: 'Partner W' });
  expect(where()).toMatch(/^\/admin\/teams\/0/);
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await waitFor(() => expect(server.world.stored.teams.length).toBe(2));
  expect(where()).toBe('/admin/teams');
});

test('a refused name is told where it was typed', async () => {
  const { user } = open('/admin/teams/new');
  await user.type(await screen.findByRole('textbox', { name: /Name/ }), 'team-a');
  await user.click(screen.getByRole('button', { name: 'Create team' }));
  await screen.findByText('name is taken');
  expect((screen.getByRole('textbox', { name: /Name/ }) as HTMLInputElement).value).toBe('team-a');
});

test('a lab rests, and one click wakes it', async () => {
  const { user } = open('/admin/remotecis');
  await user.click(await screen.findByRole('button', { name: 'Deactivate lab-a' }));
  await screen.findByRole('button', { name: 'Activate lab-a' });
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await screen.findByRole('button', { name: 'Deactivate lab-a' });
  expect(puts().map(({ body }) => body)).toEqual([{ state: 'inactive' }, { state: 'active' }]);
});

test('what somebody else changed is not switched off unseen', async () => {
  const { user } = open('/admin/teams');
  const button = await screen.findByRole('button', { name: 'Deactivate team-b' });
  Object.assign(stored('teams', TEAM_B.id)!, { country: 'DE', etag: 'other' });
  await user.click(button);
  await screen.findByText(/“team-b” was changed meanwhile/);
  expect(stored('teams', TEAM_B.id)?.state).toBe('active');
  await screen.findByText('DE');
  await user.click(screen.getByRole('button', { name: 'Deactivate team-b' }));
  await screen.findByRole('button', { name: 'Activate team-b' });
});

test('only what was changed is sent, and it can be taken back', async () => {
  const { user } = open(`/admin/topics/${TOPIC_ID}`);
  const next = await screen.findByRole('combobox', { name: 'Next topic' });
  await within(next).findByRole('option', { name: 'Jinja2 3' });
  await user.selectOptions(next, NEXT_TOPIC);
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByText('Changed “Jinja2 2.11”');
  expect(puts()[0]?.body).toEqual({ next_topic_id: NEXT_TOPIC });
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await waitFor(() => expect((next as HTMLSelectElement).value).toBe(''));
});

test('what somebody else changed meanwhile is shown, and both changes can be kept', async () => {
  const { user } = open(`/admin/teams/${TEAM_B.id}`);
  const name = await screen.findByRole('textbox', { name: /Name/ });
  Object.assign(stored('teams', TEAM_B.id)!, { country: 'DE', etag: 'other' });
  await user.clear(name);
  await user.type(name, 'team-bee');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  const table = await screen.findByRole('table', { name: 'What was changed meanwhile' });
  expect(within(table).getAllByRole('row')[1]?.textContent).toBe('CountryCZDEas it was');
  expect(stored('teams', TEAM_B.id)?.name).toBe('team-b');
  await user.click(screen.getByRole('button', { name: 'Save mine' }));
  await waitFor(() => expect(stored('teams', TEAM_B.id)).toMatchObject({ name: 'team-bee', country: 'DE' }));
});

test('what somebody else changed meanwhile can take the place of one’s own', async () => {
  const { user } = open(`/admin/teams/${TEAM_B.id}`);
  const name = await screen.findByRole('textbox', { name: /Name/ });
  Object.assign(stored('teams', TEAM_B.id)!, { name: 'bees', etag: 'other' });
  await user.type(name, ' two');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await user.click(await screen.findByRole('button', { name: 'Take theirs' }));
  expect((screen.getByRole('textbox', { name: /Name/ }) as HTMLInputElement).value).toBe('bees');
});

test('a person keeps its single sign-on when its name changes', async () => {
  const { user } = open(`/admin/users/${USER}`);
  await user.type(await screen.findByRole('textbox', { name: 'Full name' }), ' III');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(stored('users', USER)?.fullname).toBe('Jo Doe III'));
  expect(puts()[0]?.body).toEqual({ sso_sub: 'sub-jo', fullname: 'Jo Doe III' });
});

test('members are removed and put back', async () => {
  const { user } = open(`/admin/teams/${TEAM_A.id}`);
  const members = within(await screen.findByRole('region', { name: /^Members/ }));
  await user.click(await members.findByRole('button', { name: 'Remove jo' }));
  await members.findByText('None yet.');
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await members.findByRole('link', { name: 'jo' });
});

test('a fresh key is shown once, beside the old one that goes on', async () => {
  server.world.stored.keys.set(LAB_A, [{ id: 'k', created_at: '2026-01-01T00:00:00', retires_at: null }]);
  const { user } = open(`/admin/remotecis/${LAB_A}`);
  const keys = within(await screen.findByRole('region', { name: 'Keys' }));
  await user.selectOptions(keys.getByRole('combobox', { name: 'The old key' }), '3600');
  await user.click(keys.getByRole('button', { name: 'Make a fresh key' }));
  expect((await keys.findByLabelText('dcirc.sh')).textContent).toContain('fresh-secret');
  await waitFor(() => expect(keys.getAllByRole('button', { name: 'End' })).toHaveLength(2));
});

test('a lab’s own people say what it lets in', async () => {
  const { user } = open(`/admin/remotecis/${LAB_A}`);
  const consent = within(await screen.findByRole('region', { name: 'Consent' }));
  await consent.findByText(/No rule/);
  await user.selectOptions(consent.getByRole('combobox', { name: 'What becomes of them' }), 'always');
  await user.click(consent.getByRole('button', { name: 'Add' }));
  await consent.findByText('run at once', { selector: 'strong' });
  expect(server.world.stored.consent.get(LAB_A)).toEqual([
    { answer: 'always', asker_team_id: null, product_id: null },
  ]);
});

test('a definition says which labs could run it, and what the others lack', async () => {
  open(`/admin/job_definitions/${server.world.stored.job_definitions[0]?.id}`);
  const labs = within(await screen.findByRole('region', { name: 'Labs that could run it' }));
  await labs.findByText(/1 of \d+ labs has nic=mlx5\*, and is offline/);
  labs.getByText('could run it, and is offline');
  expect(labs.getAllByText(/nic=mlx5\*: it has e1000e/).length).toBeGreaterThan(0);
});

test('archiving asks first', async () => {
  const { user, where } = open(`/admin/teams/${TEAM_B.id}`);
  await user.click(await screen.findByRole('button', { name: 'Archive' }));
  const dialog = await screen.findByRole('dialog');
  expect(server.world.stored.teams).toHaveLength(2);
  await user.click(within(dialog).getByRole('button', { name: 'Archive' }));
  await waitFor(() => expect(server.world.stored.teams).toHaveLength(1));
  expect(where()).toBe('/admin/teams');
});

test('a token is made for a machine and shown once', async () => {
  const { user } = open('/admin/tokens/new');
  await user.type(await screen.findByRole('textbox', { name: /What is it for/ }), 'nightly');
  await user.click(screen.getByRole('button', { name: 'Create token' }));
  expect((await screen.findByLabelText('The token')).textContent).toBe('rt_shown-once');
  expect(screen.getByRole('link', { name: /go on to nightly/ }).getAttribute('href')).toMatch(/^\/admin\/tokens\//);
});
