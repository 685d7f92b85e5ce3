import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { id } from '../../../../mock/catalog';
import { FAILED_TASK, TOLD_JOB } from '../../../../mock/told';
import { open } from '../../../../test/render';
import { server } from '../../../../test/server';

const TOLD = `/jobs/${TOLD_JOB}`;

test('a job that its lab tells of opens with its tasks, and its states as steps', async () => {
  const { where } = open(TOLD);
  const tasks = await screen.findByRole('list', { name: 'Tasks' });
  expect(where()).toBe(`${TOLD}/tasks`);
  await within(tasks).findByText('TASK [prepare : install the packages 0]');
  const steps = screen.getByRole('list', { name: 'States that the lab reported' });
  expect(steps.textContent).toContain('pre-run');
  expect(steps.textContent).toContain('the suite failed');
  expect(screen.queryByRole('link', { name: 'Log' })).toBeNull();
});

test('three thousand tasks are few elements', async () => {
  open(TOLD);
  await screen.findByText('3,020 tasks');
  expect(screen.getAllByRole('listitem').length).toBeLessThan(120);
});

test('an old link to a task opens it', async () => {
  const { where } = open(`${TOLD}/jobStates?sort=date&task=${FAILED_TASK}`);
  await screen.findByRole('list', { name: 'Tasks' });
  expect(where()).toContain(`/tasks?task=${FAILED_TASK}`);
});

test('what failed is one click away, and what it printed another', async () => {
  const { user, where } = open(TOLD);
  await user.click(await screen.findByRole('button', { name: 'failed 1' }));
  expect(where()).toContain('only=failed');
  await user.click(await screen.findByRole('button', { name: /tests|install|wait/ }));
  await screen.findByText(/second line/);
});

test('a refetch asks only for what came since', async () => {
  open(TOLD);
  await screen.findByText('3,020 tasks');
  const before = server.calls.length;
  server.world.tell('result.recorded', { job_id: TOLD_JOB });
  await waitFor(() => {
    const later = server.calls.slice(before).filter(({ path }) => path.endsWith('/files'));
    expect(later.length).toBe(1);
    expect(later[0]?.query.get('created_after')).toMatch(/\.\d+$/);
  });
});

test('an old link to a file shows it', async () => {
  open(`/files/${id(7, 2)}`);
  await screen.findByRole('heading', { name: /pytest.log/ });
  await screen.findByText(/second line/);
});
