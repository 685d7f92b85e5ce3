import { expect, test } from 'vitest';
import type { HealthCell, HealthLab, HealthSet, JobStatus } from '@/api/types';
import { answerOf, labsInOrder } from './answer';

const labs: HealthLab[] = ['lab-a', 'lab-b'].map((name) => ({
  id: name,
  name,
  team: { id: name, name },
  last_seen_at: null,
  connected: true,
}));

function setOf(cells: Record<string, JobStatus>): HealthSet {
  const cell = (status: JobStatus): HealthCell => ({
    job_id: 'j',
    status,
    phase: 'finished',
    stage: null,
    result: null,
    tests: null,
    progress: null,
    failed_stage: null,
  });
  const entries = Object.entries(cells).map(([lab, status]) => [lab, cell(status)] as const);
  return { set_key: 'k', components: [], created_at: '', cells: Object.fromEntries(entries) };
}

test.each<[Record<string, JobStatus>, string, string, string | null]>([
  [{ 'lab-a': 'success', 'lab-b': 'success' }, 'good', 'Passes everywhere', null],
  [{ 'lab-a': 'failure', 'lab-b': 'error' }, 'bad', 'Fails everywhere', null],
  [{ 'lab-a': 'success', 'lab-b': 'failure' }, 'bad', 'Fails only in lab-b', 'Passes in lab-a.'],
  [{ 'lab-a': 'failure', 'lab-b': 'running' }, 'bad', 'Fails in lab-a', 'lab-b not done yet.'],
  [{ 'lab-a': 'success', 'lab-b': 'new' }, 'busy', 'Passes in lab-a so far', 'lab-b not done yet.'],
  [{ 'lab-a': 'success' }, 'good', 'Passes in lab-a', 'lab-b did not run it.'],
  [{ 'lab-a': 'running', 'lab-b': 'new' }, 'busy', 'Running in lab-a and lab-b', null],
  [{ 'lab-a': 'killed' }, 'quiet', 'No lab has run the newest set', null],
])('%j is answered %s: %s', (cells, tone, text, more) => {
  expect(answerOf({ sets: [setOf(cells)], labs })).toEqual({ tone, text, more });
});

test('one lab alone is not everywhere', () => {
  const [labA] = labs;
  const answer = answerOf({ sets: [setOf({ 'lab-a': 'failure' })], labs: labA ? [labA] : [] });
  expect(answer.text).toBe('Fails in lab-a');
});

test('nothing tested, no answer', () => {
  expect(answerOf({ sets: [], labs }).text).toBe('No answer yet');
});

test('labs that ran the newest sets stand first, then as people count', () => {
  const named = (name: string) => ({ ...(labs[0] as HealthLab), id: name, name });
  const sets = [setOf({ 'lab 10': 'failure' }), setOf({ 'lab 3': 'success', 'lab 2': 'success' })];
  const order = labsInOrder({ sets, labs: ['lab 1', 'lab 10', 'lab 3', 'lab 2'].map(named) });
  expect(order.map(({ name }) => name)).toEqual(['lab 10', 'lab 2', 'lab 3', 'lab 1']);
});
