import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { open } from '../../../test/render';
import { server } from '../../../test/server';
import { lines } from './Machines';

const card = async () => within(await screen.findByRole('region', { name: 'lab-a' }));

test('a lab shows its labels, and what changed on its machine', async () => {
  open('/labs');
  const lab = await card();
  expect((await lab.findByLabelText(/Labels of rack-7/)).textContent).toContain('arch: x86_64');
  expect(lab.getByText('22.41.1000', { selector: 'strong' })).toBeTruthy();
});

test('flags of processors are not listed', () => {
  expect(lines({ cpu: { threads: 8, flags: { avx2: true } } })).toEqual([['cpu / threads', '8']]);
});

test('what others want to run is shown whole, and answered there', async () => {
  const { user } = open('/labs');
  const lab = await card();
  await lab.findByRole('heading', { name: /vera: firmware check/ });
  expect(lab.getByText(/make check/)).toBeTruthy();
  await user.click(lab.getByRole('button', { name: 'Let it run' }));
  await waitFor(() => expect(lab.queryByRole('heading', { name: /vera/ })).toBeNull());
  expect(server.world.labRuns[0]?.status).toBe('placed');
});

test('something is run on a lab from its card', async () => {
  const { user } = open('/labs');
  const lab = await card();
  await user.click(lab.getByText('Run something here'));
  await lab.findByRole('option', { name: 'smoke' });
  await user.type(lab.getByLabelText('Why'), 'new firmware');
  await user.click(lab.getByRole('button', { name: 'Run' }));
  await lab.findByRole('link', { name: 'smoke' });
  const call = server.calls.find((one) => one.method === 'POST' && one.path.includes('/lab_runs'));
  expect(call).toBeTruthy();
});

test('a failed job says that its hardware is not that of the last good one', async () => {
  const bad = server.world.jobs.find((one) => one.job.result === 'failed')?.job;
  open(`/jobs/${bad?.id}`);
  await screen.findByRole('heading', { name: /Hardware differs/ });
});

test('a job that passed says nothing of it', async () => {
  const good = server.world.jobs.find((one) => one.job.result === 'passed')?.job;
  open(`/jobs/${good?.id}`);
  await screen.findByRole('heading', { level: 1 });
  expect(server.calls.some((one) => one.path.includes('inventory/differences'))).toBe(false);
});
