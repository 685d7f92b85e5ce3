import { expect, test } from 'vitest';
import { distinct, staleAfter } from './effects';
import { EVENT_TYPES, type EventType } from './feed';

const event = (type: EventType, payload: Record<string, unknown> = {}) => ({
  id: 1,
  type,
  payload,
  team_id: null,
  topic_id: null,
  created_at: '2026-01-01T00:00:00',
});

test.each(EVENT_TYPES)('%s makes something old', (type) => {
  expect(staleAfter(event(type, { job_id: 'j' })).length).toBeGreaterThan(0);
});

test('a finished job makes itself, the lists and the answer old', () => {
  const stale = staleAfter(event('job.finished', { job_id: 'j1' }));
  expect(stale).toContainEqual(['job', 'j1']);
  expect(stale).toContainEqual(['jobs']);
  expect(stale).toContainEqual(['health']);
});

test('an unknown event does nothing', () => {
  expect(staleAfter(event('something.new' as EventType))).toEqual([]);
});

test('a burst asks for each answer once, and not for parts of a whole', () => {
  expect(distinct([['job', 'a'], ['jobs'], ['job', 'a', 'stages'], ['jobs'], ['job', 'b']])).toEqual([
    ['job', 'a'],
    ['jobs'],
    ['job', 'b'],
  ]);
});
