import { expect, test } from 'vitest';
import type { Stage, StageName } from '@/api/types';
import { RowModel, sectionsOf } from './rows';

const stage = (name: StageName, first_line: number | null, status: Stage['status'] = 'passed'): Stage => ({
  attempt: 1,
  name,
  status,
  started_at: '2026-01-01T00:00:00',
  ended_at: null,
  message: null,
  evidence: null,
  exit_code: null,
  first_line,
});

const stages = [stage('test', 7), stage('prepare', 0), stage('collect', 10)];

test('sections follow the lines, whatever the order of the stages', () => {
  expect(sectionsOf(stages, 12).map(({ name, from, to }) => [name, from, to])).toEqual([
    ['prepare', 0, 7],
    ['test', 7, 10],
    ['collect', 10, 12],
  ]);
});

test('lines before the first stage have a section of their own', () => {
  expect(sectionsOf([stage('test', 3)], 5).map((section) => section.name)).toEqual(['start', 'test']);
});

test('a stage without lines is left out unless it runs', () => {
  const names = (status: Stage['status']) =>
    sectionsOf([stage('prepare', 0), stage('test', 4, status)], 4).map((section) => section.name);
  expect(names('skipped')).toEqual(['prepare']);
  expect(names('running')).toEqual(['prepare', 'test']);
});

test('every row is a heading or a line, in order', () => {
  const model = new RowModel(sectionsOf(stages, 12), new Set());
  const rows = Array.from({ length: model.count }, (_, at) => {
    const row = model.row(at);
    return row?.kind === 'line' ? row.line : row?.section.name;
  });
  expect(rows).toEqual(['prepare', 0, 1, 2, 3, 4, 5, 6, 'test', 7, 8, 9, 'collect', 10, 11]);
});

test('a line finds its row, and its heading when the stage is folded', () => {
  const open = new RowModel(sectionsOf(stages, 12), new Set());
  const shut = new RowModel(sectionsOf(stages, 12), new Set(['prepare']));
  expect([open.indexOf(8), shut.indexOf(8), shut.indexOf(3), shut.count]).toEqual([10, 3, 0, 8]);
});

test('a log without stages has no headings', () => {
  const model = new RowModel(sectionsOf([], 3), new Set());
  expect([model.count, model.row(0)]).toEqual([3, { kind: 'line', line: 0 }]);
});
