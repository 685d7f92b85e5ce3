import { expect, test } from 'vitest';
import type { JobFile, JobState } from '@/api/types';
import { readName, readTaskFilter, rowsOf, tasksByState } from './tasks';

const state = (id: string, status: JobState['status'], at: string): JobState => ({
  id,
  status,
  comment: null,
  created_at: `2026-01-15T10:${at}`,
});
const file = (id: string, stateId: string | null, name: string, at: string): JobFile => ({
  id,
  name,
  jobstate_id: stateId,
  job_id: 'j',
  mime: 'application/x-ansible-output',
  size: 10,
  md5: null,
  created_at: `2026-01-15T10:${at}`,
});
const STATES = [state('s1', 'pre-run', '00:00'), state('s2', 'failure', '01:00')];
const FILES = [
  file('f1', 's1', 'TASK [a : copy]', '00:05'),
  file('f2', 's1', 'skipped/TASK [b]', '00:06.500000'),
  file('f3', 's2', 'failed/TASK [boot]', '01:30'),
  file('f4', null, 'junit.xml', '01:31'),
];
const groups = tasksByState(STATES, FILES);
const words = (filter: Parameters<typeof rowsOf>[1]) =>
  rowsOf(groups, filter).map((row) => (row.kind === 'state' ? row.state.status : row.task.name));

test('the prefix of a name is its outcome', () => {
  expect(readName('failed/TASK [a]')).toEqual({ name: 'TASK [a]', outcome: 'failed' });
  expect(readName('unreachable/x').outcome).toBe('unreachable');
  expect(readName('warn/x').outcome).toBe('warned');
  expect(readName('failed')).toEqual({ name: 'failed', outcome: 'ok' });
});

test('tasks stand under their state, and took the time since what was before', () => {
  expect(groups.map(({ tasks }) => tasks.map(({ took }) => took))).toEqual([[5, 1.5], [30]]);
  expect(words({ q: '', bad: false, sort: 'date' })).toEqual([
    'pre-run',
    'TASK [a : copy]',
    'TASK [b]',
    'failure',
    'TASK [boot]',
  ]);
});

test('files that belong to no state are no tasks', () => {
  expect(groups.flatMap(({ tasks }) => tasks).some(({ file: { id } }) => id === 'f4')).toBe(false);
});

test('the longest come first, without states', () => {
  expect(words({ q: '', bad: false, sort: 'duration' })).toEqual(['TASK [boot]', 'TASK [a : copy]', 'TASK [b]']);
});

test('failed ones alone, and by name', () => {
  expect(words({ q: '', bad: true, sort: 'date' })).toEqual(['pre-run', 'failure', 'TASK [boot]']);
  expect(words({ q: 'COPY', bad: false, sort: 'duration' })).toEqual(['TASK [a : copy]']);
});

test('filters are in the address, nonsense there does no harm', () => {
  const read = (search: string) => readTaskFilter(new URLSearchParams(search));
  expect(read('task=f1&q=boot&only=failed&sort=duration')).toEqual({
    q: 'boot',
    bad: true,
    sort: 'duration',
  });
  expect(read('sort=nonsense')).toEqual({ q: '', bad: false, sort: 'date' });
});
