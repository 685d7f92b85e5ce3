import { expect, test, vi } from 'vitest';
import { CHUNK, LogStore } from './LogStore';
import { textMatcher } from './matcher';

const lines = (from: number, count: number) => Array.from({ length: count }, (_, at) => `line ${from + at}`);

function logOf(total: number, most = CHUNK, told = total) {
  const fetch = vi.fn(async (from: number, limit: number) => ({
    attempt: 1,
    from_line: from,
    lines: lines(from, Math.min(limit, most, Math.max(0, total - from))),
    total_lines: told,
    complete: true,
  }));
  return { fetch, store: new LogStore(fetch) };
}

const settled = () => new Promise((done) => setTimeout(done));

test('only the chunks on the screen are asked for, each once', async () => {
  const { fetch, store } = logOf(50_000);
  await store.open();
  store.need(30_500, 30_540);
  store.need(30_500, 30_540);
  await settled();
  expect(fetch.mock.calls).toEqual([[0, CHUNK], [30_000, CHUNK]]);
  expect(store.text(30_500)).toBe('line 30500');
  expect(store.whole).toBe(false);
});

test('of a log that was scrolled through, what was seen last is kept', async () => {
  const { fetch, store } = logOf(5_000_000);
  await store.open();
  for (let chunk = 1; chunk <= 300; chunk += 1) {
    store.need(chunk * CHUNK, chunk * CHUNK);
    await settled();
  }
  expect([store.has(0), store.has(50 * CHUNK), store.has(300 * CHUNK)]).toEqual([false, false, true]);
  store.need(0, 10);
  await settled();
  expect(fetch.mock.calls.length).toBe(302);
  expect(store.text(0)).toBe('line 0');
});

test('a chunk of long lines comes in several answers', async () => {
  const { fetch, store } = logOf(900, 400);
  await store.open();
  expect(fetch.mock.calls).toEqual([[0, 1000], [400, 600], [800, 200]]);
  expect(store.whole).toBe(true);
});

test('a log that is shorter than it says is not asked for again and again', async () => {
  const { fetch, store } = logOf(10, CHUNK, 30);
  await store.open();
  expect(fetch.mock.calls).toEqual([[0, 1000], [10, 990]]);
  store.need(0, 29);
  await settled();
  expect(fetch.mock.calls.length).toBe(2);
});

test('a line that is sent again replaces the one that was cut off', async () => {
  const { store } = logOf(2);
  await store.open();
  store.append(1, ['line 1 whole', 'line 2']);
  expect([store.text(1), store.text(2), store.total]).toEqual(['line 1 whole', 'line 2', 3]);
});

test('colours carry over to the next line', async () => {
  const store = new LogStore(async () => ({
    attempt: 1,
    from_line: 0,
    lines: ['\u001b[31mred', 'still red'],
    total_lines: 2,
    complete: true,
  }));
  await store.open();
  store.spans(0);
  expect(store.spans(1)?.[0]?.style.fg).toBe('ansi-1');
});

test('a search sees text without its colours', async () => {
  const store = new LogStore(async () => ({
    attempt: 1,
    from_line: 0,
    lines: ['ok', '\u001b[31mFAI\u001b[1mLED\u001b[0m'],
    total_lines: 2,
    complete: true,
  }));
  await store.open();
  const matcher = textMatcher('failed') ?? (() => []);
  expect(store.search(matcher, 10, 1)).toEqual([
    { line: 1, text: 'FAILED', before: ['ok'], after: [] },
  ]);
});

test('an error is kept, told, and does not stop a later try', async () => {
  const fetch = vi.fn().mockRejectedValueOnce(new Error('down'));
  const store = new LogStore(fetch);
  const heard = vi.fn();
  store.subscribe(heard);
  await store.open();
  expect([store.error?.message, heard.mock.calls.length]).toEqual(['down', 1]);
  fetch.mockResolvedValueOnce({ attempt: 1, from_line: 0, lines: ['a'], total_lines: 1, complete: true });
  await store.open();
  expect([store.error, store.text(0)]).toEqual([null, 'a']);
});
