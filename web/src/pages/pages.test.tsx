import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { LAB_B, PRODUCT_ID } from '../../mock/catalog';
import { open } from '../../test/render';
import { feed, server } from '../../test/server';

test('without a session the login comes first and leads back', async () => {
  server.world.loggedIn = false;
  const { user, where } = open('/jobs?tag=nightly');
  await user.type(await screen.findByLabelText(/Name or e-mail/), 'admin');
  expect(where()).toBe('/login?next=%2Fjobs%3Ftag%3Dnightly');
  await user.type(screen.getByLabelText(/Password/), 'wrong{Enter}');
  await screen.findByText('Name and password do not match an account');
  await user.clear(screen.getByLabelText(/Password/));
  await user.type(screen.getByLabelText(/Password/), 'ringtest{Enter}');
  await screen.findByRole('table', { name: 'Jobs' });
  expect(where()).toBe('/jobs?tag=nightly');
});

test('every request names itself, so that a foreign page cannot send it', async () => {
  open('/jobs');
  await screen.findByRole('table', { name: 'Jobs' });
  expect(server.calls.every((call) => call.headers.get('X-Requested-With') === 'ringtest')).toBe(true);
});

test('a refusal does not log out while the session lives', async () => {
  const { where } = open(`/products/${PRODUCT_ID.replace('1', '9')}`);
  await screen.findByText('Not found');
  expect(where()).toContain('/products/');
});

test('the product page answers: matrix, change, verdict', async () => {
  open(`/products/${PRODUCT_ID}`);
  await screen.findByText('Fails in lab-a');
  const rows = screen.getAllByRole('row');
  expect(rows.length).toBe(4);
  const newest = within(rows[1] as HTMLElement);
  expect(newest.getByText('was 2.0.1')).toBeTruthy();
  expect(newest.getByRole('link', { name: /^lab-a:\s*Failed/ }).getAttribute('href')).toMatch(/^\/jobs\//);
  expect(newest.getByRole('progressbar')).toBeTruthy();
  const groups = screen.getAllByRole('article');
  expect(groups[0]?.textContent).toContain('Everyone');
  expect(groups[0]?.textContent).toContain('markupsafe 2.0.1 → 2.1.0');
  expect(groups[1]?.textContent).toContain('Only lab-b');
  expect(groups[1]?.textContent).toContain('known since the first run');
});

test('failure groups can be filtered, in the address', async () => {
  const { user, where } = open(`/products/${PRODUCT_ID}`);
  await user.click(await screen.findByRole('button', { name: 'Known 1' }));
  expect(screen.getAllByRole('article').length).toBe(1);
  expect(where()).toContain('seen=known');
});

test('live counts move the matrix without a request', async () => {
  open(`/products/${PRODUCT_ID}`);
  await screen.findByText('214 of 740 tests');
  const job = server.world.jobs.find((one) => one.job.phase === 'running')?.job;
  const before = server.calls.length;
  const progress = { total: 740, passed: 500, failed: 2, errored: 0, skipped: 0 };
  server.world.move({ kind: 'progress', job_id: job?.id ?? '', progress });
  await screen.findByText('502 of 740 tests');
  expect(server.calls.length).toBe(before);
});

test('an event refreshes what is on the screen', async () => {
  open(`/products/${PRODUCT_ID}`);
  await screen.findByText('Fails in lab-a');
  const job = server.world.jobs.find((one) => one.job.phase === 'running')?.job;
  Object.assign(job ?? {}, { status: 'failure', phase: 'finished', result: 'failed', stage: null });
  server.world.tell('job.finished', { job_id: job?.id });
  await screen.findByText('Fails everywhere');
});

test('a lost feed is said in words', async () => {
  open('/labs');
  await screen.findByText('2 labs, 2 connected');
  feed().fail(true);
  await screen.findByText('Reconnecting…');
});

test('a click on a label filters the jobs, chips take filters away', async () => {
  const { user, where } = open('/jobs');
  const table = await screen.findByRole('table', { name: 'Jobs' });
  await user.click(within(table).getAllByRole('button', { name: 'lab-b' })[0] as HTMLElement);
  await waitFor(() => expect(where()).toBe(`/jobs?lab=${LAB_B}`));
  await waitFor(() => expect(within(screen.getByRole('table')).queryByText('lab-a')).toBeNull());
  await user.click(await screen.findByRole('button', { name: /Remove the filter Lab/ }));
  await waitFor(() => expect(where()).toBe('/jobs'));
});

test('filters that fit nothing say so', async () => {
  open('/jobs?name=nothing-like-it');
  await screen.findByText('No job fits these filters');
});

test('chosen columns are kept in this browser', async () => {
  const { user } = open('/jobs');
  await screen.findByRole('table', { name: 'Jobs' });
  await user.click(screen.getByRole('checkbox', { name: 'Tags', hidden: true }));
  expect(screen.getByRole('columnheader', { name: 'Tags' })).toBeTruthy();
  expect(localStorage.getItem('ringtest.jobs.columns.1')).toContain('tags');
});

test('keys lead through the pages and rows', async () => {
  const { user, where } = open('/labs');
  await screen.findByText('2 labs, 2 connected');
  await user.keyboard('gj');
  await screen.findByRole('table', { name: 'Jobs' });
  await user.keyboard('jj{Enter}');
  await waitFor(() => expect(where()).toMatch(/^\/jobs\/.+\/log$/));
});

test('a question mark shows the keys', async () => {
  const { user } = open('/labs');
  await screen.findByText('2 labs, 2 connected');
  await user.keyboard('?');
  await screen.findByRole('dialog', { name: 'Keyboard' });
});

test('a component shows its files and its jobs per lab', async () => {
  open('/components/00000005-0000-4000-8000-000000000003');
  await screen.findByRole('heading', { name: 'markupsafe 2.0.1' });
  await screen.findByText('9f86d081884c7d65…');
  expect(screen.getByRole('region', { name: 'Jobs in lab-a' }).textContent).toContain('1 of 2 passed');
});

test('a report that waits can be sent again', async () => {
  const { user } = open('/reports');
  const pending = (await screen.findAllByRole('article'))[1] as HTMLElement;
  await user.click(within(pending).getByRole('button'));
  expect(within(pending).getByText('451 4.3.0 try again later')).toBeTruthy();
  await user.click(within(pending).getByRole('button', { name: 'Try again now' }));
  await within(pending).findByText('Delivered');
});

test('an unknown address says so', async () => {
  open('/nowhere');
  await screen.findByText('No such page');
});
