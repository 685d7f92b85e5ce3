import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { id, PRODUCT_ID } from '../../../mock/catalog';
import { open } from '../../../test/render';
import { server } from '../../../test/server';

async function openFirst() {
  const opened = open(`/products/${PRODUCT_ID}`);
  const group = (await screen.findAllByRole('article'))[0] as HTMLElement;
  return { ...opened, group };
}

test('two groups that look alike become one, and two again with one click', async () => {
  const { user, group } = await openFirst();
  await user.click(within(group).getByRole('button', { name: 'What looks like it?' }));
  await within(group).findByText('82 %');
  await user.click(within(group).getByRole('button', { name: 'It is the same' }));
  await waitFor(() => expect(screen.getAllByRole('article').length).toBe(1));
  expect(server.world.merges.get(id(8, 2))).toBe(id(8, 1));
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  await waitFor(() => expect(screen.getAllByRole('article').length).toBe(2));
});

test('what was merged long ago can be taken out', async () => {
  server.world.merges.set(id(8, 2), id(8, 1));
  const { user, group } = await openFirst();
  await user.click(within(group).getByRole('button', { name: 'Take it out' }));
  await waitFor(() => expect(screen.getAllByRole('article').length).toBe(2));
});

test('whom a failure hits is asked for when a person wants to know', async () => {
  const { user, group } = await openFirst();
  await user.click(within(group).getByRole('button', { name: 'Whom else does it hit?' }));
  await within(group).findByText('1 hit, 1 passed, 0 not run yet');
  expect(group.textContent).toContain('By hardware: x86 1 of 1, arm 0 of 1');
});
