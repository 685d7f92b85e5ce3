import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { TOPIC_ID } from '../../../mock/catalog';
import { open } from '../../../test/render';
import { server } from '../../../test/server';
import { withEvent, type FoundIn, type LogsFound } from './useLogsSearch';

const at = `/answers/${TOPIC_ID}/logs`;
const lastAsked = () => server.calls.findLast((call) => call.path === '/log_search')?.query;

test('a text is looked for in the logs of the topic, and each line leads to its place', async () => {
  const { user, where } = open(at);
  await screen.findByText('Search the logs of many jobs');
  expect(lastAsked()).toBeUndefined();
  await user.type(screen.getByLabelText(/Text in the logs/), 'importerror: cannot');
  await screen.findByText(/lines? in .* jobs?: every log was searched/);
  expect(lastAsked()?.get('query')).toContain('topic:');
  expect(where()).toContain('q=importerror');
  const found = screen.getAllByRole('region', { name: /^Lines of/ })[0];
  if (!found) throw new Error('nothing is shown');
  expect(found.querySelector('.rt-hit-mark')?.textContent).toBe('ImportError: cannot');
  const link = within(found).getAllByRole('link')[0]?.getAttribute('href') ?? '';
  expect(link).toMatch(/^\/jobs\/[^/]+\/log\?attempt=1&q=importerror/);
  expect(link).toMatch(/#L\d+$/);
});

test('case, patterns and lines around are asked for and stay in the address', async () => {
  const { user, where } = open(`${at}?q=importerror`);
  await screen.findByText(/every log was searched/);
  await user.click(screen.getByRole('button', { name: 'Match case' }));
  await screen.findByText(/^0 lines in 0 jobs/);
  await user.click(screen.getByRole('button', { name: 'Regular expression' }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Lines around a match' }), '± 2 lines');
  await waitFor(() => expect(lastAsked()?.get('context')).toBe('2'));
  expect(lastAsked()?.get('regex')).toBe('1');
  expect(where()).toContain('case=1');
});

test('a query that cannot be read says why', async () => {
  open(`${at}?q=x&query=((`);
  await screen.findByText('query: a bracket is not closed');
});

test('what is told of a job in parts is one job', () => {
  const start: LogsFound = { jobs: [], lines: 0, progress: null, ended: null, error: null };
  const part = (job_id: string, line: number): FoundIn => ({
    job_id,
    name: 'nightly',
    created_at: '2026-01-01T00:00:00',
    attempt: 1,
    matches: [{ line, text: 'x' }],
  });
  const parts = [part('a', 1), part('a', 5), part('b', 2)];
  const found = parts.reduce((now, one) => withEvent(now, 'matches', one), start);
  expect(found.jobs.map((job) => job.matches.length)).toEqual([2, 1]);
  expect(found.lines).toBe(3);
});
