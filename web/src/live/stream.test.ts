import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSource, server } from '../../test/server';
import type { LiveState } from './feed';
import { Stream } from './stream';

let states: [LiveState, boolean][];
let stream: Stream;
let hidden = false;

const last = () => server.sources.at(-1) as FakeSource;

function begin(): void {
  states = [];
  stream = new Stream({
    address: () => `/x?${server.sources.length}`,
    types: ['a'],
    onMessage: () => undefined,
    onState: (state, gap) => states.push([state, gap]),
  });
  stream.start();
}

function look(away: boolean): void {
  hidden = away;
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  hidden = false;
  vi.useFakeTimers();
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => (hidden ? 'hidden' : 'visible'));
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

test('a refused connection is tried again, each time later', async () => {
  server.refusing = true;
  begin();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.sources.length).toBe(2);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(server.sources.length).toBe(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.sources.length).toBe(3);
});

test('after a gap the reader is told to look at everything again', async () => {
  begin();
  await vi.advanceTimersByTimeAsync(0);
  last().fail(false);
  last().open();
  expect(states).toEqual([['connecting', false], ['open', false], ['lost', false], ['open', true]]);
});

test('a hidden tab lets its connection go, after a while', async () => {
  begin();
  await vi.advanceTimersByTimeAsync(0);
  look(true);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(last().readyState).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([last().readyState, states.at(-1)]).toEqual([2, ['paused', false]]);
  look(false);
  await vi.advanceTimersByTimeAsync(0);
  expect([server.sources.length, states.at(-1)]).toEqual([2, ['open', true]]);
});

test('a glance at another tab costs nothing', async () => {
  begin();
  look(true);
  await vi.advanceTimersByTimeAsync(3_000);
  look(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.sources.length).toBe(1);
});

test('nothing comes back after stop', async () => {
  begin();
  last().fail(true);
  stream.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.sources.length).toBe(1);
});
