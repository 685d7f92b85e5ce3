import { expect, test } from 'vitest';
import { toListParams } from '@/pages/jobs/filters';
import { jobsOf, type Side } from './jobsOf';

const span = { from: '2026-01-01', to: '2026-01-30' };

/** What the list asks the server, of a count's link. */
function askedOf(sides: readonly Side[], asked = 'status:failure or tags:nightly'): string | undefined {
  const address = jobsOf(asked, span, sides);
  return address === null ? undefined : toListParams(new URL(address, 'http://x').searchParams).query;
}

const WINDOW = '(created_at>=2026-01-01 created_at<2026-01-31)';

test('what was asked stands in brackets, beside the days and both keys', () => {
  expect(askedOf([{ key: 'remoteci', value: 'r1' }, { key: 'week', value: '2026-01-26' }])).toBe(
    `(status:failure or tags:nightly) ${WINDOW} (created_at>=2026-01-26 created_at<2026-02-02) eq(remoteci_id,"r1")`,
  );
});

test('each key leads to its column', () => {
  const one = (key: string, value: string | null) => askedOf([{ key, value }], '')?.replace(WINDOW, '').trim();
  expect(one('status', 'killed')).toBe('eq(status,"killed")');
  expect(one('tag', 'a b')).toBe('contains(tags,"a b")');
  expect(one('name', 'say "hi"*')).toBe('(eq(name,"say \\"hi\\"*"))');
  expect(one('configuration', null)).toBe('(null(configuration))');
  expect(one('tag', null)).toBe('(no:tags)');
  expect(one('product', 'p')).toBe('(eq(product_id,"p"))');
  expect(one('component_type:build', 'c1')).toBe('(components.id:c1)');
  expect(one('component_type:build', null)).toBe('(-components.type:"build")');
  expect(one('month', '2025-12-01')).toBe('(created_at>=2025-12-01 created_at<2026-01-01)');
  expect(one('day', '2026-01-31')).toBe('(created_at>=2026-01-31 created_at<2026-02-01)');
});

test('a key that no list can be asked for leads nowhere', () => {
  expect(jobsOf('', span, [{ key: 'moon', value: 'full' }])).toBeNull();
});
