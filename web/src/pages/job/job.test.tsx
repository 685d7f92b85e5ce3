import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { id } from '../../../mock/catalog';
import { ISSUE } from '../../../mock/issues';
import { open } from '../../../test/render';
import { server } from '../../../test/server';

const FAILED = `/jobs/${id(6, 5)}`;
const RUNNING = `/jobs/${id(6, 6)}`;
const BIG = `/jobs/${id(6, 7)}`;

test('a failed job shows its proof before anyone asks', async () => {
  open(FAILED);
  await screen.findByRole('heading', { name: /The test stage failed/ });
  expect(screen.getByRole('list', { name: 'Stages of attempt 1' }).textContent).toContain('exit 4');
  const why = await screen.findByRole('region', { name: 'Why it failed' });
  expect(within(why).getByText(/^E +ImportError: cannot import name/)).toBeTruthy();
});

test('the first answer leads to its proofs: lines, tests, groups, what changed, whose it is', async () => {
  const { user, where } = open(FAILED);
  const why = await screen.findByRole('region', { name: 'Why it failed' });
  const to = (name: string | RegExp) => within(why).getByRole('link', { name }).getAttribute('href');
  expect(to('escaped twice')).toBe(`/issues/${ISSUE}`);
  expect(to('bugs.example.org')).toBe('https://bugs.example.org/7');
  expect(to(/^ImportError: cannot import/)).toMatch(/^\/products\/.+\?topic=.+#/);
  expect(to('test_escape_0')).toMatch(/^\/answers\/[^/]+\/tests\/0{16}$/);
  expect(to('Compare test by test')).toContain(`right=job%3A${id(6, 5)}`);
  const [line] = within(why).getAllByRole('link', { name: /^\d+$/ });
  await user.click(line as HTMLElement);
  await waitFor(() => expect(where()).toMatch(/\/log#L\d+$/));
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Why it failed' })).toBeNull());
});

test('the log has a heading per stage, and folds', async () => {
  const { user } = open(`${FAILED}/log`);
  const log = await screen.findByRole('log');
  await within(log).findByText(/python3 -m venv/);
  await user.click(within(log).getByRole('button', { name: /prepare/ }));
  await waitFor(() => expect(within(log).queryByText(/python3 -m venv/)).toBeNull());
});

test('colours of the log are styles, its markup is text', async () => {
  const log = server.world.job(id(6, 5))?.log;
  log?.lines.splice(0, 1, '\u001b[31m<b>red</b>\u001b[0m');
  open(`${FAILED}/log`);
  const red = await screen.findByText('<b>red</b>');
  expect(red.className).toBe('fg-ansi-1');
});

test('a line link marks its line, a click on a number makes one', async () => {
  const { user, where } = open(`${FAILED}/log#L9`);
  const line = await screen.findByRole('link', { name: 'Line 9' });
  expect(line.parentElement?.className).toContain('rt-log-named');
  await user.click(screen.getByRole('link', { name: 'Line 3' }));
  expect(where()).toBe(`${FAILED}/log#L3`);
});

test('a search finds, counts and steps', async () => {
  const { user } = open(`${FAILED}/log`);
  await screen.findByRole('log');
  await user.type(screen.getByRole('searchbox', { name: 'Search the log' }), 'soft_unicode');
  await screen.findByText(/^1 of 2$/);
  await user.keyboard('{Enter}');
  await screen.findByText(/^2 of 2$/);
});

test('a search is in the address, with its switches and lines around', async () => {
  const { user, where } = open(`${FAILED}/log?q=IMPORT\\w%2B`);
  await screen.findByText('no match');
  await user.click(screen.getByRole('button', { name: 'Regular expression' }));
  await screen.findByText(/^1 of \d+$/);
  await user.click(screen.getByRole('button', { name: 'Match case' }));
  await screen.findByText('no match');
  await user.click(screen.getByRole('button', { name: 'Match case' }));
  await user.click(screen.getByRole('button', { name: 'List' }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Lines around a match' }), '1');
  await waitFor(() => expect(where()).toBe(`${FAILED}/log?q=IMPORT%5Cw%2B&regex=1&context=1`));
  const list = await screen.findByRole('region', { name: 'Matches' });
  await waitFor(() => expect(list.textContent).toContain('tests/conftest.py:5'));
  const asked = server.calls.filter((call) => call.path.endsWith('/log/search')).at(-1);
  expect(Object.fromEntries(asked?.query ?? [])).toMatchObject({ regex: '1', context: '1' });
});

test('a pattern that cannot be read is explained', async () => {
  open(`${FAILED}/log?q=(&regex=1`);
  await screen.findByText(/the pattern cannot be read/);
});

test('the first error is the one that the server marked', async () => {
  const { user, where } = open(`${FAILED}/log?q=soft_unicode`);
  await user.click(await screen.findByRole('button', { name: 'First error' }));
  await waitFor(() => expect(where()).toBe(`${FAILED}/log?q=soft_unicode#L9`));
  const line = await screen.findByRole('link', { name: 'Line 9' });
  await waitFor(() => expect(line.parentElement?.className).toContain('rt-log-named'));
  expect(screen.getByRole('link', { name: '.gz' }).getAttribute('href')).toContain('encoding=gzip');
});

test('live lines appear in the log of a running job', async () => {
  open(`${RUNNING}/log`);
  await screen.findByRole('log');
  const stream = await waitFor(() => {
    const found = server.sources.find((source) => source.address.includes('/log/stream'));
    if (!found) throw new Error('no stream yet');
    return found;
  });
  const total = server.world.job(id(6, 6))?.log.lines.length ?? 0;
  expect(stream.address).toContain(`from_line=${total - 1}`);
  stream.send('lines', { from_line: total, lines: ['fresh line'] });
  await screen.findByText(`${(total + 1).toLocaleString('en')} lines`);
});

test('a job is cancelled only after a question', async () => {
  const { user } = open(`${RUNNING}/details`);
  await user.click(await screen.findByRole('button', { name: 'Cancel' }));
  expect(server.calls.some((call) => call.method === 'POST')).toBe(false);
  await user.click(await screen.findByRole('button', { name: 'Cancel the job' }));
  await screen.findByText(/cancel asked for/);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('a held job shows the way in, and is let go only after a question', async () => {
  const job = server.world.job(id(6, 5));
  if (!job) throw new Error('no such job');
  job.hold = { job_id: id(6, 5), attempt: 1, host: 'rack-7', shell: 'cd /srv/work', until: '2026-01-02T00:00:00', is_held: true };
  const { user } = open(`${FAILED}/details`);
  expect((await screen.findByLabelText('How to get in')).textContent).toContain('cd /srv/work');
  await user.click(screen.getByRole('button', { name: '4 hours from now' }));
  await waitFor(() => expect(job.hold?.until).not.toBe('2026-01-02T00:00:00'));
  await user.click(screen.getByRole('button', { name: 'Release' }));
  expect(job.hold.is_held).toBe(true);
  await user.click(await screen.findByRole('button', { name: 'Release it' }));
  await waitFor(() => expect(screen.queryByLabelText('How to get in')).toBeNull());
});

test('a refused action says why', async () => {
  const { user } = open(`${FAILED}/details`);
  await user.click(await screen.findByRole('button', { name: 'Retry' }));
  server.world.jobs.length = 0;
  await user.click(await within(await screen.findByRole('dialog')).findByRole('button', { name: 'Retry' }));
  await screen.findByText('Not found');
});

test('twenty thousand tests cost the rows on the screen and one page', async () => {
  open(`${BIG}/tests?outcome=all`);
  await screen.findByText('20,000 tests');
  expect(screen.getAllByRole('listitem').length).toBeLessThan(200);
  expect(server.calls.filter((call) => call.path.endsWith('/tests')).length).toBe(1);
  expect(screen.getByText(/could not be read as written/)).toBeTruthy();
});

test('the middle of a hundred thousand tests is reached by scrolling, with its page alone', async () => {
  const big = server.world.job(id(6, 7));
  if (big?.plan) big.plan.total = 100_000;
  open(`${BIG}/tests?outcome=all`);
  await screen.findByText('100,000 tests');
  const list = screen.getByRole('list', { name: 'Test cases' });
  list.scrollTop = 50_000 * 40;
  fireEvent.scroll(list);
  await screen.findByText(/_50005$/);
  expect(screen.getAllByRole('listitem').length).toBeLessThan(200);
  const asked = server.calls.filter((call) => call.path.endsWith('/tests'));
  expect(asked.map((call) => call.query.get('offset'))).toEqual(['0', '49800', '50000']);
});

test('tests are filtered by outcome and name, in the address', async () => {
  const { user, where } = open(`${BIG}/tests`);
  await screen.findByText('120 tests');
  await user.click(await screen.findByRole('button', { name: 'errored 13' }));
  await screen.findByText('107 tests');
  await user.type(screen.getByRole('searchbox', { name: 'Test name contains' }), 'trim');
  await waitFor(() => expect(where()).toContain('outcome=failed&q=trim'));
});

test('a failed test opens to its message and detail', async () => {
  const { user } = open(`${BIG}/tests`);
  await user.click(await screen.findByRole('button', { name: /test_upper_0/ }));
  expect(screen.getByText(/\(case 0\)/)).toBeTruthy();
  expect(screen.getAllByText('failing since this job').length).toBeGreaterThan(0);
});

test('a test shows its tries, steps, parameters and attachments, and leads to its history', async () => {
  const { user, where } = open(`${BIG}/tests`);
  await user.click(await screen.findByRole('button', { name: /test_upper_0/ }));
  expect(screen.getByText('rerun-failed')).toBeTruthy();
  expect(screen.getByText('timed out on the first try')).toBeTruthy();
  expect(screen.getByText('log in').closest('ul')?.parentElement?.textContent).toContain('open the page');
  expect(screen.getByText('chromium')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'screenshot' }).getAttribute('href')).toBe(`${BIG}/files?q=pytest.log`);
  expect(screen.getByRole('link', { name: 'trace' }).getAttribute('href')).toBe('https://traces.example.org/4711');
  await user.click(screen.getByRole('link', { name: 'History of test_upper_0' }));
  await waitFor(() => expect(where()).toMatch(/^\/answers\/[^/]+\/tests\/0{16}$/));
});

test('results that are kept no longer are said to be gone', async () => {
  server.world.job(id(6, 5))?.job.tags.push('old');
  open(`${FAILED}/tests`);
  await screen.findByText('These results are kept no longer');
});

test('an older attempt keeps its log', async () => {
  const { user, where } = open(`/jobs/${id(6, 4)}/log`);
  await user.click(await screen.findByRole('button', { name: '1', pressed: false }));
  expect(where()).toContain('attempt=1');
  await waitFor(() => expect(server.calls.at(-1)?.query.get('attempt')).toBe('1'));
});

test('a queued job says what it waits for', async () => {
  open(`/jobs/${id(6, 8)}`);
  await screen.findByText('Waiting for the lab');
});

test('files are read in place, as text', async () => {
  const { user } = open(`${FAILED}/files`);
  await user.click(await screen.findByRole('button', { name: 'pytest.log' }));
  await screen.findByText(/<b>not bold<\/b>/);
  expect(screen.queryByRole('button', { name: 'core.1234.zst' })).toBeNull();
});

test('picked files are one archive, and the filter is in the address', async () => {
  const { user, where } = open(`${FAILED}/files`);
  await user.click(await screen.findByRole('checkbox', { name: 'Pick junit.xml' }));
  await user.click(screen.getByRole('checkbox', { name: 'Pick core.1234.zst' }));
  const zip = () => screen.getByRole('link', { name: 'Download as zip' }).getAttribute('href');
  const ids = new URL(zip() ?? '', 'http://localhost').searchParams.get('ids');
  expect(ids).toBe(`${id(7, 1)},${id(7, 3)}`);
  expect(screen.getByText(/^2 files picked/)).toBeTruthy();
  await user.type(screen.getByRole('searchbox', { name: 'File name contains' }), 'log');
  await waitFor(() => expect(where()).toBe(`${FAILED}/files?q=log`));
  await user.click(screen.getByRole('checkbox', { name: 'Pick all shown' }));
  await screen.findByText(/^1 file picked/);
  expect(zip()).toContain(id(7, 2));
});
