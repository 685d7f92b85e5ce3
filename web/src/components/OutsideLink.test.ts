import { expect, test } from 'vitest';
import { webAddress } from './OutsideLink';

test('only addresses of the web become links', () => {
  expect(webAddress('https://example.com/a.png')).toBe('https://example.com/a.png');
  expect(['javascript:alert(1)', '/tmp/a.png', 'https://a b'].map(webAddress)).toEqual([null, null, null]);
});
