import { expect, test } from 'vitest';
import { firstOf, tellsOfError } from './firstError';
import { lineHash, parseLineHash } from './lineLink';

test('a line link counts from one', () => {
  expect(parseLineHash('#L120')).toEqual({ first: 119, last: 119 });
  expect(lineHash({ first: 119, last: 119 })).toBe('#L120');
});

test('a range may be written backwards', () => {
  expect(parseLineHash('#L9-L4')).toEqual({ first: 3, last: 8 });
  expect(lineHash({ first: 3, last: 8 })).toBe('#L4-L9');
});

test('other hashes name no line', () => {
  expect(['', '#L0', '#x', '#L1-'].map(parseLineHash)).toEqual([null, null, null, null]);
});

test('a passed test with "error" in its name tells of no error', () => {
  expect(tellsOfError('tests/a.py::test_error_page PASSED')).toBe(false);
  expect(tellsOfError('0 errors found')).toBe(false);
  expect(tellsOfError('E   ImportError: no name')).toBe(true);
  expect(tellsOfError('\u001b[31mfatal\u001b[0m: not a repository')).toBe(true);
});

test('the first error of the broken stage wins over earlier ones', () => {
  const matches = [
    { line: 3, text: 'error: retrying' },
    { line: 40, text: 'FAILED tests/a.py' },
    { line: 30, text: 'ValueError: 1' },
  ];
  expect(firstOf(matches, 10)).toBe(30);
  expect(firstOf(matches, 100)).toBe(3);
  expect(firstOf([], 0)).toBe(null);
});
