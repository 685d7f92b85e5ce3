import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { open } from '../../../test/render';
import { server } from '../../../test/server';
import { endAfter } from './tokens';

test('a token is made with its scopes, shown once, and revoked', async () => {
  const { user } = open('/account');
  const form = await screen.findByRole('form', { name: 'New token' });
  const create = within(form).getByRole('button', { name: 'Create token' });
  expect((create as HTMLButtonElement).disabled).toBe(true);
  await user.type(within(form).getByLabelText('What is it for?'), 'nightly report');
  await user.click(within(form).getByLabelText('Publish components'));
  await user.click(create);
  await screen.findByText('rt_shown-once');
  const table = await screen.findByRole('table', { name: 'Tokens' });
  expect(table.textContent).toContain('read, components:write');
  await user.click(within(table).getByRole('button', { name: 'Revoke' }));
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Revoke' }));
  await waitFor(() => expect(screen.queryByRole('table', { name: 'Tokens' })).toBeNull());
});

test('a token ends after whole days, in naive UTC', () => {
  expect(endAfter(30, Date.UTC(2026, 0, 1, 12))).toBe('2026-01-31T12:00:00');
});

test('mail of labs and topics is one click each', async () => {
  const { user } = open('/account');
  await user.click(await screen.findByLabelText('lab-a'));
  await waitFor(() => expect(server.world.profile.remotecis.map(({ name }) => name)).toEqual(['lab-a']));
  await user.click(await screen.findByLabelText('Jinja2 2.11'));
  await waitFor(() => expect(server.world.followed.length).toBe(1));
  await user.click(await screen.findByLabelText('Jinja2 2.11'));
  await waitFor(() => expect(server.world.followed.length).toBe(0));
});

test('a profile is changed with the current password alone', async () => {
  const { user } = open('/account');
  const name = await screen.findByLabelText('Full name');
  await user.clear(name);
  await user.type(name, 'Ada');
  const save = screen.getByRole('button', { name: 'Save' });
  expect((save as HTMLButtonElement).disabled).toBe(true);
  await user.type(screen.getByLabelText('Current password'), 'wrong');
  await user.click(save);
  await screen.findByText('current_password is wrong');
  await user.clear(screen.getByLabelText('Current password'));
  await user.type(screen.getByLabelText('Current password'), 'ringtest');
  await user.click(save);
  await screen.findByText('Saved');
  expect(server.world.profile.fullname).toBe('Ada');
});
