/** The demo's failure groups and what was told about them. */
import type { ComponentRef, Delivery, FailureGroup, Named, Sighting } from '@/api/types';
import { JINJA, LAB_A, LAB_B, MARKUP_111, MARKUP_201, MARKUP_210, TOPIC_ID, before, id } from './catalog.ts';
import { setKey } from './jobs.ts';
import { IMPORT_ERROR } from './logs.ts';

const A: Named = { id: LAB_A, name: 'lab-a' };
const B: Named = { id: LAB_B, name: 'lab-b' };
const ref = ({ id, type, version, display_name }: ComponentRef): ComponentRef => ({
  id,
  type,
  version,
  display_name,
});

const seen = (job: number, minutes: number, markup: typeof MARKUP_111): Sighting => ({
  job_id: id(6, job),
  at: before(minutes),
  set_key: setKey(markup),
  components: [ref(JINJA), ref(markup)],
});

export const groups: FailureGroup[] = [
  {
    id: id(8, 1),
    topic_id: TOPIC_ID,
    kind: 'test',
    title: "ImportError: cannot import name 'soft_unicode' from 'markupsafe'",
    exception_type: 'ImportError',
    template: "cannot import name 'soft_unicode' from 'markupsafe' (<path>)",
    verdict: { scope: 'everyone', text: 'everyone', hit: 2, run: 2, labs_hit: [A, B], labs_run: [A, B] },
    first_seen: seen(5, 5, MARKUP_210),
    last_seen: seen(5, 4, MARKUP_210),
    last_good: {
      set_key: setKey(MARKUP_201),
      components: [ref(JINJA), ref(MARKUP_201)],
      job_id: id(6, 3),
    },
    difference: [
      {
        type: 'markupsafe',
        before: { id: MARKUP_201.id, version: '2.0.1' },
        after: { id: MARKUP_210.id, version: '2.1.0' },
      },
    ],
    known_since_first_run: false,
    in_latest_set: true,
    occurrences: 2,
    cases: 2,
    tests: [{ suite: 'pytest', classname: '', name: 'tests/conftest.py' }],
    tests_count: 1,
    sample: { job_id: id(6, 5), text: IMPORT_ERROR.replace(/\u001b\[\d+m/g, '') },
    reports: [
      { delivery_id: id(9, 1), target: 'release-owners', channel: 'webhook', status: 'delivered', attempts: 1, delivered_at: before(4) },
      { delivery_id: id(9, 2), target: 'qe-list', channel: 'mail', status: 'pending', attempts: 2, delivered_at: null },
    ],
  },
  {
    id: id(8, 2),
    topic_id: TOPIC_ID,
    kind: 'test',
    title: "AssertionError: assert '&lt;em&gt;' == '<em>'",
    exception_type: 'AssertionError',
    template: "assert '<str>' == '<str>'",
    verdict: { scope: 'one_lab', text: 'only lab-b', hit: 1, run: 2, labs_hit: [B], labs_run: [A, B] },
    first_seen: seen(2, 299, MARKUP_111),
    last_seen: seen(4, 119, MARKUP_201),
    last_good: null,
    difference: [],
    known_since_first_run: true,
    in_latest_set: false,
    occurrences: 2,
    cases: 6,
    tests: [0, 1, 2].map((at) => ({ suite: 'pytest', classname: 'tests.test_filters.TestFilter', name: `test_escape_${at}` })),
    tests_count: 3,
    sample: { job_id: id(6, 4), text: "E       AssertionError: assert '&lt;em&gt;' == '<em>'" },
    reports: [],
  },
];

export function makeDeliveries(): Delivery[] {
  const group = groups[0];
  const base = { group_id: group?.id ?? '', topic_id: TOPIC_ID, created_at: before(4), subject: `[Jinja2 2.11] everyone fails: ${group?.title ?? ''}` };
  const text = `${group?.title ?? ''}\n\nWho: everyone (lab-a, lab-b)\nSince: markupsafe 2.1.0\nLast good: jinja2 2.11.3 · markupsafe 2.0.1\n`;
  return [
    { ...base, id: id(9, 1), status: 'delivered', attempts: 1, next_at: null, delivered_at: before(4), answer: '200 {"ok": true}', body: { text, group }, target: { id: id(10, 1), name: 'release-owners', channel: 'webhook' } },
    { ...base, id: id(9, 2), status: 'pending', attempts: 2, next_at: before(-2), delivered_at: null, answer: '451 4.3.0 try again later', body: { text }, target: { id: id(10, 2), name: 'qe-list', channel: 'mail' } },
  ];
}
