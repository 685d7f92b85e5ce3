/** Answers to the questions about many jobs: a few rows each, in the wire's shapes. */
import type {
  BlastRadius, Category, ComparedCase, Coverage, DurationChange, FirstAnswer, Flake, HistoryRun,
  KeyValuePoint, Statistics, TestRef, TrendPoint,
} from '@/api/types'; // prettier-ignore
import type { TestHistory } from '@/api/queries/questions';
import { before, components, id, JINJA, LAB_A, LAB_B, MARKUP_201, MARKUP_210, TEAM_A, TEAM_B, topic } from './catalog.ts';
import { shownGroups } from './issues.ts';
import { list, ok, refuse, type Asked, type Route } from './routing.ts';

const DAY = 86_400_000;
const A = { id: LAB_A, name: 'lab-a' };
const B = { id: LAB_B, name: 'lab-b' };

const testAt = (index: number): TestRef => ({
  id: index.toString(16).padStart(16, '0'),
  suite: 'pytest',
  classname: 'tests.test_filters.TestFilter',
  name: `test_escape_${index}`,
});

/** One point for each of the days asked for, at most a month of them. */
function trend({ query }: Asked): TrendPoint[] {
  const to = Date.parse(query.get('to') ?? '');
  const days = Math.min(30, Math.round((to - Date.parse(query.get('from') ?? '')) / DAY) + 1);
  return Array.from({ length: days }, (_, at) => {
    const failed = 6 + (at % 5);
    return {
      at: `${new Date(to - (days - 1 - at) * DAY).toISOString().slice(0, 10)}T00:00:00`,
      results: 4,
      total: 3000,
      passed: 2980 - failed,
      failed,
      errored: 0,
      skipped: 20,
      regressed: at % 3,
      recovered: at % 2,
      retried: 0,
      pass_rate: 1 - failed / 2980,
      seconds: 140 + at,
    };
  });
}

const flake = (at: number): Flake => ({
  test: testAt(at),
  score: 0.2 / (at + 1),
  low: 0.1 / (at + 1),
  high: 0.3 / (at + 1),
  runs: 54,
  failed: 9 - at,
  unsteady: 6 - at,
  flips: 5,
  retried: 1,
  labs: 2,
  last_seen_at: before(90),
});

const change = (at: number): DurationChange => ({
  test: testAt(at),
  runs: 40,
  mean: 2 - at * 0.3,
  median: 1.9 - at * 0.3,
  p95: 2.4,
  before: { runs: 38, mean: 1, median: 0.9 },
  ratio: 2.1 - at * 0.4,
  p_value: at === 3 ? 0.4 : 0.0002,
  significant: at !== 3,
});

const coverage = (): Coverage[] =>
  components.map(({ id: component, type, version, display_name, released_at }, at) => ({
    component: { id: component, type, version, display_name, released_at },
    jobs: 6 - at,
    labs: 2,
    teams: 2,
    passed: 1400 - at,
    failed: 12 + at,
    errored: 2,
    total: 1440,
    pass_rate: at === 3 ? null : 0.98 - at * 0.02,
    last_at: before(30 * (at + 1)),
  }));

const CATEGORIES: Category[] = [
  'regression', 'new_failure', 'still_failing', 'fixed', 'new_pass', 'appeared', 'disappeared',
]; // prettier-ignore

function compared(): ComparedCase[] {
  const failing = new Set<Category>(['regression', 'new_failure', 'still_failing']);
  return CATEGORIES.map((category, at) => ({
    test: testAt(at),
    category,
    left: ['new_failure', 'new_pass', 'appeared'].includes(category)
      ? null
      : { outcome: category === 'regression' ? 'passed' : 'failed', runs: 2, failed: category === 'regression' ? 0 : 2 },
    right:
      category === 'disappeared'
        ? null
        : { outcome: failing.has(category) ? 'failed' : 'passed', runs: 2, failed: failing.has(category) ? 2 : 0 },
  }));
}

function comparison({ query }: Asked) {
  const [category, q] = [query.get('category'), query.get('q') ?? ''];
  const cases = compared().filter(
    (one) => (!category || one.category === category) && one.test.name.includes(q),
  );
  const side = (name: string) => {
    const [kind = '', value = ''] = (query.get(name) ?? '').split(':');
    const label = components.find((one) => one.id === value)?.display_name ?? `${kind} ${value.slice(0, 8)}`;
    return { kind, label, jobs: 2, runs: 2 };
  };
  return ok({
    comparison: {
      left: side('left'),
      right: side('right'),
      counts: Object.fromEntries([...CATEGORIES.map((one) => [one, 1]), ['unchanged', 733]]),
      cases,
    },
    _meta: { count: cases.length },
  });
}

const run = (at: number): HistoryRun => ({
  job_id: id(6, 1 + (at % 5)),
  file_id: id(7, at),
  position: 3,
  at: before(60 * (at + 1)),
  remoteci: at % 2 ? B : A,
  team: at % 2 ? TEAM_B : TEAM_A,
  set_key: 'a1b2c3d4e5f60718',
  outcome: at < 3 ? 'failed' : 'passed',
  state: 'unchanged',
  seconds: 1.4,
  retried: at === 5,
});

const sighting = (job: number, minutes: number, component: typeof JINJA) => ({
  job_id: id(6, job),
  at: before(minutes),
  set_key: 'a1b2c3d4e5f60718',
  components: [component],
});

const history = (test: string): TestHistory => ({
  test: { ...testAt(Number.parseInt(test, 16)), id: test },
  topic_id: topic.id,
  days: [2, 1, 0].map((ago) => ({
    day: new Date(Date.now() - ago * DAY).toISOString().slice(0, 10),
    runs: 8,
    passed: 8 - ago,
    failed: ago,
    errored: 0,
    retried: 0,
    flips: 1,
  })),
  runs: Array.from({ length: 12 }, (_, at) => run(at)),
  last_good: sighting(3, 240, MARKUP_201),
  first_bad: sighting(5, 180, MARKUP_210),
  difference: [
    {
      type: 'markupsafe',
      before: { id: MARKUP_201.id, version: '2.0.1' },
      after: { id: MARKUP_210.id, version: '2.1.0' },
    },
  ],
  flake: null,
});

const statistics: Statistics = {
  rows: [A, B].map(({ name }) => ({ key: name, name, jobs: 4 })),
  columns: ['2026-01-05', '2026-01-12'].map((key) => ({ key, name: key, jobs: 4 })),
  cells: ['2026-01-05', '2026-01-12'].map((column, at) => ({
    row: at ? 'lab-b' : 'lab-a', column, jobs: 4, success: 3 - at, failure: 1 + at, error: 0, killed: 0,
  })), // prettier-ignore
};

const series: KeyValuePoint[] = [1, 2, 3].map((at) => ({
  job_id: id(6, at),
  at: before(600 * at),
  value: 40 + at,
  topic_id: topic.id,
  remoteci: at % 2 ? A : B,
}));

function firstAnswer({ world, params }: Asked): FirstAnswer | null {
  const found = world.job(params[0] ?? '');
  if (!found || found.job.result !== 'failed') return null;
  const group = shownGroups(world)[0];
  const lines = found.log.lines.flatMap((text, line) =>
    text.includes('Error') ? [{ line, text: text.replace(/\u001b\[\d+m/g, ''), score: 9, why: ['never in a good job'] }] : [],
  );
  return {
    job_id: found.job.id,
    at: found.job.finished_at,
    result: found.job.result,
    stage: null,
    lines: lines.slice(0, 20),
    components_changed: history('0').difference,
    new_failures: { count: 1, tests: [{ ...testAt(0), since_job_id: found.job.id }] },
    flaky: [{ ...testAt(1), evidence: { text: 'changed 3 times in 30 days' } }],
    compared_with: [{ job_id: id(6, 3), at: before(240), result: 'passed', why: 'the last good one of its lab' }],
    steps: [{ name: 'log', found: '1 line that good jobs do not have', left_out: null }],
    groups: group ? [{ id: group.id, title: group.title, verdict: group.verdict }] : [],
    known_issues: shownGroups(world).flatMap((one) => one.known_issues ?? []),
  };
}

function radius({ params }: Asked): BlastRadius {
  return {
    group_id: params[0] ?? '',
    minimum: 5,
    since: before(300),
    topics: [
      {
        topic: { id: topic.id, name: topic.name },
        hit: 1,
        passed: 1,
        not_run: 0,
        labs: [
          { remoteci: A, team: TEAM_A, hardware: 'x86', status: 'hit', job_id: id(6, 5), at: before(4) },
          { remoteci: B, team: TEAM_B, hardware: 'arm', status: 'passed', job_id: id(6, 4), at: before(9) },
        ],
        left_out: 0,
        others: null,
      },
    ],
    hardware: [
      { class: 'x86', hit: 1, passed: 0, not_run: 0 },
      { class: 'arm', hit: 0, passed: 1, not_run: 0 },
    ],
  };
}

const four = <T>(make: (at: number) => T): T[] => [0, 1, 2, 3].map(make);

export const QUESTION_ROUTES: Route[] = [
  ['GET', /^\/jobs\/([^/]+)\/answer$/, (asked) => {
    const found = firstAnswer(asked);
    return found ? ok({ answer: found }) : refuse(404, 'no answer on this job');
  }],
  ['GET', /^\/failure_groups\/([^/]+)\/blast_radius$/, (asked) => ok({ blast_radius: radius(asked) })],
  ['GET', /^\/topics\/([^/]+)\/trend$/, (asked) => ok({ trend: trend(asked) })],
  ['GET', /^\/topics\/([^/]+)\/flaky_tests$/, ({ query }) => list('flaky_tests', four(flake), query)],
  ['GET', /^\/topics\/([^/]+)\/durations$/, ({ query }) => list('durations', four(change), query)],
  ['GET', /^\/topics\/([^/]+)\/coverage$/, ({ query }) => {
    const type = query.get('type');
    return list('coverage', coverage().filter(({ component }) => !type || component.type === type), query);
  }],
  ['GET', /^\/tests$/, ({ query }) => {
    const q = query.get('q') ?? '';
    const tests = Array.from({ length: 40 }, (_, at) => ({ ...testAt(at), last_seen_at: before(9) }));
    return list('tests', tests.filter(({ name }) => name.includes(q)), query);
  }],
  ['GET', /^\/tests\/([^/]+)\/history$/, ({ params }) => ok({ history: history(params[0] ?? '0') })],
  ['GET', /^\/comparisons$/, comparison],
  ['GET', /^\/job_statistics$/, ({ query }) =>
    (query.get('query') ?? '').includes('(') && !(query.get('query') ?? '').includes(')')
      ? refuse(400, 'query: a bracket is not closed')
      : ok({ statistics })],
  ['GET', /^\/keys_values_series$/, ({ query }) => list('series', series, query)],
];
