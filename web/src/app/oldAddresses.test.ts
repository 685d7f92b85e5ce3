import { expect, test } from 'vitest';
import { newAddress } from './oldAddresses';

test.each([
  ['/jobs/j1/jobStates', '?sort=duration&task=f1', '/jobs/j1/tasks?task=f1&sort=duration'],
  ['/jobs/j1/jobStates/', '', '/jobs/j1/tasks'],
  ['/jobs/j1/tests/f1', '?testcase=boot%20slow', '/jobs/j1/tests?q=boot+slow&outcome=all'],
  ['/jobs/j1/hardware', '', '/jobs/j1/files'],
  ['/jobs/j1/settings', '', '/jobs/j1/details'],
  ['/topics', '', '/products'],
  ['/topics/t1/components', '', '/components?topic=t1'],
  ['/topics/t1', '', '/components?topic=t1'],
  ['/topics/t1/components/c1', '', '/components/c1'],
  ['/remotecis', '?limit=20', '/labs'],
  ['/notifications', '', '/account'],
  ['/dci-admin', '', '/login'],
])('%s%s of old links leads to %s', (path, search, to) => expect(newAddress(path, search)).toBe(to));

test('what was never there is not there', () => {
  expect(newAddress('/nowhere')).toBeNull();
});
