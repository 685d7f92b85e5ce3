import { expect, test } from 'vitest';
import { matchKeys } from './match';

const known = ['g p', 'g j', 'j', '?'];
const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

test('a sequence waits for its second key', () => {
  expect(matchKeys('', press('g'), known)).toEqual({ hit: null, pending: 'g' });
  expect(matchKeys('g', press('j'), known)).toEqual({ hit: 'g j', pending: '' });
});

test('a key that ends no sequence counts alone', () => {
  expect(matchKeys('g', press('?'), known)).toEqual({ hit: '?', pending: '' });
  expect(matchKeys('', press('j'), known)).toEqual({ hit: 'j', pending: '' });
});

test("the browser's own shortcuts are left alone", () => {
  expect(matchKeys('', press('j', { ctrlKey: true }), known)).toEqual({ hit: null, pending: '' });
});
