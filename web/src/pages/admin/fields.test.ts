import { expect, test } from 'vitest';
import type { Stored } from '@/api/types';
import { changes, creation, differences, draftOf, faultOf, fieldsFor, rebased, reverse, whole, wordsOf } from './fields';
import { topics, products } from './resources/catalog';
import { users } from './resources/people';
import { tokens } from './resources/tokens';
import { jobDefinitions } from './resources/work';

const stored: Stored = {
  id: 't1',
  etag: 'e1',
  name: 'RHEL 9',
  state: 'active',
  created_at: '2026-01-01T00:00:00',
  product_id: 'p1',
  next_topic_id: null,
  component_types: ['compose', 'kernel'],
  component_types_optional: [],
  export_control: true,
  data: { registry: 'r' },
};
const fields = fieldsFor(topics, 'edit');
const begin = draftOf(fields, stored);

test('a form that nobody touched changes nothing', () => {
  expect(changes(topics, begin, draftOf(fields, stored))).toEqual({});
});

test('only what was touched is sent, as the API takes it', () => {
  const draft = { ...begin, component_types: 'compose,\n kernel, compose, extra', export_control: false, data: '{"a": 1}' };
  expect(changes(topics, begin, draft)).toEqual({
    component_types: ['compose', 'kernel', 'extra'],
    export_control: false,
    data: { a: 1 },
  });
});

test('a reference is taken away by choosing none', () => {
  const before = draftOf(fields, { ...stored, next_topic_id: 't2' });
  expect(changes(topics, before, { ...before, next_topic_id: '' })).toEqual({ next_topic_id: null });
});

test('a new one is made of what was filled in alone', () => {
  const draft = draftOf(fieldsFor(products, 'create'));
  expect(creation(products, { ...draft, name: ' RHEL ' }, 0)).toEqual({ name: 'RHEL' });
});

test('a link may begin a form', () => {
  const asked = new URLSearchParams('product_id=p7&export_control=1');
  expect(draftOf(fieldsFor(topics, 'create'), undefined, asked)).toMatchObject({
    product_id: 'p7',
    export_control: false,
  });
});

test('a definition is read from its name and its stages on', () => {
  const spec = { hold: null, stages: { teardown: [], test: [{ timeout_seconds: 5, run: 'make', name: 'x' }], prepare: [] } };
  const fields = fieldsFor(jobDefinitions, 'edit');
  const typed = String(draftOf(fields, { ...stored, spec }).spec);
  expect(typed.match(/"\w+":/g)).toEqual(
    ['stages', 'prepare', 'test', 'name', 'run', 'timeout_seconds', 'teardown', 'hold'].map((key) => `"${key}":`),
  );
  expect(JSON.parse(typed)).toEqual(spec);
});

test('days of a token become its end', () => {
  const body = creation(tokens, { name: 'nightly', scopes: ['read'], days: '7', remoteci_id: '', feeder_id: '' }, 0);
  expect(body).toEqual({ name: 'nightly', scopes: ['read'], expires_at: '1970-01-08T00:00:00' });
});

test('faults are told in words', () => {
  const field = (name: string) => fields.find((one) => one.name === name)!;
  expect(faultOf(field('name'), '  ')).toBe('is needed');
  expect(faultOf(field('data'), '[1]')).toMatch(/object/);
  expect(faultOf(field('data'), '{"a": ')).toBeTruthy();
  expect(faultOf(field('data'), '')).toBeNull();
  expect(faultOf({ name: 'email', label: '', kind: 'mail' }, 'nobody')).toMatch(/mail/);
});

test('names are one a line, or with commas', () => {
  expect(wordsOf('a, b\n\n c,a')).toEqual(['a', 'b', 'c']);
});

test('what a server would forget is sent again', () => {
  const person = { ...stored, sso_sub: 'abc' };
  expect(whole(users, person, { fullname: 'X' })).toEqual({ sso_sub: 'abc', fullname: 'X' });
});

test('a change is taken back by what was there, secrets apart', () => {
  expect(reverse(stored, { name: 'new', password: 'x' })).toEqual({ name: 'RHEL 9' });
});

test('what others changed is told apart from what was typed', () => {
  const theirs = draftOf(fields, { ...stored, name: 'RHEL nine', export_control: false });
  const mine = { ...begin, name: 'RHEL IX', component_types: 'compose' };
  const told = differences(fields, begin, theirs, mine);
  expect(told.map(({ field, was, theirs, mine }) => [field.name, was, theirs, mine])).toEqual([
    ['name', 'RHEL 9', 'RHEL nine', 'RHEL IX'],
    ['export_control', true, false, true],
  ]);
  expect(rebased(fields, begin, theirs, mine)).toMatchObject({
    name: 'RHEL IX',
    export_control: false,
    component_types: 'compose',
  });
});
