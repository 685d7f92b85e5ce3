import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { id, LAB_B, MARKUP_111, MARKUP_201, PRODUCT_ID, TOPIC_ID } from '../../../mock/catalog';
import { open } from '../../../test/render';
import { server } from '../../../test/server';

const at = (page: string) => `/answers/${TOPIC_ID}/${page}`;
const lastAsked = (path: RegExp) => server.calls.findLast((call) => path.test(call.path))?.query;

test('answers begin with the trend of the first topic, and lead to its product', async () => {
  const { where } = open('/answers');
  await screen.findByRole('table', { name: 'Results of Jinja2 2.11' });
  expect(where()).toBe(at('trend'));
  const crumbs = screen.getByRole('navigation', { name: 'Where you are' });
  expect(within(crumbs).getByRole('link', { name: 'Jinja2' }).getAttribute('href')).toContain(PRODUCT_ID);
});

test('a day on which tests broke leads to those tests', async () => {
  open(at('trend'));
  const table = await screen.findByRole('table', { name: 'Results of Jinja2 2.11' });
  const link = within(table).getAllByRole('link', { name: '2' })[0];
  const search = new URL(link?.getAttribute('href') ?? '', 'http://x').searchParams;
  expect(search.get('category')).toBe('regression');
  const days = (side: string) => search.get(side)?.replace('dates:', '').split('..') ?? [];
  expect(Date.parse(days('right')[0] ?? '') - Date.parse(days('left')[1] ?? '')).toBe(86_400_000);
});

test('days and lab are in the address and stay from question to question', async () => {
  const { user, where } = open(at('flaky'));
  await screen.findByText('4 tests changed their mind');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Lab' }), 'lab-b');
  await waitFor(() => expect(lastAsked(/flaky_tests/)?.get('remoteci_id')).toBe(LAB_B));
  await user.click(screen.getByRole('link', { name: 'Durations' }));
  await screen.findByRole('table', { name: 'Durations of tests' });
  expect(where()).toBe(`${at('durations')}?lab=${LAB_B}`);
  await user.click(screen.getByRole('button', { name: 'Most changed' }));
  expect(where()).toContain('sort=changed');
});

test('a test is found by name and shows its runs, each a link to the case', async () => {
  const { user, where } = open(at('tests'));
  await screen.findByText('40 tests');
  await user.type(screen.getByLabelText(/Part of a suite/), '31');
  await screen.findByText('1 test');
  await user.click(screen.getByText('test_escape_31'));
  const strip = await screen.findByRole('list', { name: 'Runs, oldest first' });
  expect(within(strip).getAllByRole('link').length).toBe(12);
  expect(within(strip).getAllByRole('link')[0]?.getAttribute('href')).toContain('tests?outcome=all&q=test_escape_31');
  expect(screen.getByRole('link', { name: 'Compare test by test' }).getAttribute('href')).toContain('left=job%3A');
  expect(where()).toContain('/tests/');
});

test('coverage is narrowed to a type of component', async () => {
  const { user, where } = open(at('coverage'));
  await screen.findByText('4 component versions');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Component type' }), 'jinja2');
  await screen.findByText('1 component versions');
  expect(where()).toContain('type=jinja2');
});

test('a comparison has the seven categories and what stayed, each a filter', async () => {
  const sides = `left=component:${MARKUP_111.id}&right=component:${MARKUP_201.id}`;
  const { user, where } = open(`${at('compare')}?${sides}`);
  const group = await screen.findByRole('group', { name: 'Categories' });
  expect(within(group).getAllByRole('button').length).toBe(8);
  await user.click(within(group).getByRole('button', { name: '1 Fixed' }));
  await waitFor(() => expect(screen.getAllByRole('row').length).toBe(2));
  expect(where()).toContain('category=fixed');
  await user.type(screen.getByRole('searchbox', { name: 'Test name contains' }), 'nothing');
  await screen.findByText('No test with this name is in this category.');
  await user.click(screen.getByRole('button', { name: 'Swap the sides' }));
  expect(where()).toContain(`left=component%3A${MARKUP_201.id}`);
});

test('statistics are asked when the question is finished, and a wrong one says where', async () => {
  const { user, where } = open(at('statistics'));
  await screen.findByRole('table', { name: 'Jobs by two keys' });
  await user.selectOptions(screen.getByRole('combobox', { name: 'Rows' }), 'Team');
  expect(where()).toContain('rows=team');
  const box = screen.getByRole('textbox', { name: 'Which jobs' });
  await user.clear(box);
  await user.type(box, '(status:failure{Enter}');
  await screen.findByText('query: a bracket is not closed');
  expect(where()).toContain('query=%28status');
});

test.each(['flaky', 'tests', 'durations', 'coverage', `compare?left=job:${id(6, 1)}&right=job:${id(6, 2)}`, 'statistics', 'trend'])(
  '%s can be had as CSV, JSON and PNG',
  async (page) => {
    open(at(page));
    const exports = await screen.findByRole('group', { name: 'The table as a file' });
    expect(within(exports).getAllByRole('button').map((one) => one.textContent)).toEqual(['CSV', 'JSON', 'PNG']);
  },
);
