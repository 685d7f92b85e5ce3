/** Test cases of the demo's jobs, made on demand: 740 of them, or 20,000 for the big job. */
import type { CaseExtras, CaseState, Outcome, TestCase, TestTotals } from '@/api/types';
import { before, id } from './catalog.ts';

const MODULES = ['test_api', 'test_core_tags', 'test_ext', 'test_filters', 'test_loader', 'test_regression', 'test_security', 'test_utils'];

export interface Plan {
  jobId: string;
  total: number;
  failing: number;
  regressed: boolean;
  sinceJob: string | null;
}

function outcomeAt(plan: Plan, index: number): Outcome {
  if (index < plan.failing) return index % 9 === 8 ? 'errored' : 'failed';
  return index % 61 === 7 ? 'skipped' : 'passed';
}

function stateOf(plan: Plan, outcome: Outcome): CaseState {
  const bad = outcome === 'failed' || outcome === 'errored';
  return bad && plan.regressed ? 'regressed' : 'unchanged';
}

/** What a runner with steps and tries adds; here every tenth failure has it. */
function extrasAt(index: number, bad: boolean): CaseExtras {
  if (!bad || index % 10 !== 0) return {};
  return {
    raw_outcome: 'rerun-failed',
    parameters: [{ name: 'browser', value: 'chromium' }, { name: 'locale', value: 'en_GB' }],
    attempts: [{ outcome: 'failed', raw_outcome: 'rerun', time: 0.4, message: 'timed out on the first try' }],
    steps: [
      { name: 'open the page', outcome: 'passed', time: 0.2, steps: [{ name: 'log in', outcome: 'passed', time: 0.1 }] },
      { name: 'render the template', outcome: 'failed', time: 0.3, message: 'the filter is not known' },
    ],
    attachments: [
      { name: 'screenshot', reference: '/tmp/run/pytest.log', mime: 'text/plain' },
      { name: 'trace', reference: 'https://traces.example.org/4711' },
    ],
    cut: ['stdout'],
  };
}

export function caseAt(plan: Plan, index: number): TestCase {
  const outcome = outcomeAt(plan, index);
  const bad = outcome === 'failed' || outcome === 'errored';
  const name = `test_${['upper', 'trim', 'join', 'include', 'block', 'escape', 'striptags', 'default'][index % 8]}_${index}`;
  const module = MODULES[index % MODULES.length] ?? 'test_api';
  return {
    file_id: id(7, 1),
    test_id: index.toString(16).padStart(16, '0'),
    suite: 'pytest',
    classname: `tests.${module}.TestFilter`,
    name,
    outcome,
    state: stateOf(plan, outcome),
    time: 0.001 + (index % 17) * 0.004,
    type: bad ? 'AssertionError' : null,
    message: bad ? `assert '&lt;em&gt;' == '<em>'  (case ${index})` : null,
    detail: bad
      ? `self = <tests.${module}.TestFilter object>\n\n    def ${name}(self, env):\n>       assert env.from_string("{{ value|e }}").render(value="<em>") == "<em>"\n\u001b[31mE       AssertionError: assert '&lt;em&gt;' == '<em>'\u001b[0m\n\ntests/${module}.py:${100 + (index % 300)}: AssertionError`
      : null,
    stdout: bad && index % 3 === 0 ? 'rendering template <memory:7f2a>\n' : null,
    stderr: null,
    since_job_id: bad ? (plan.sinceJob ?? plan.jobId) : null,
    since_at: bad ? before(plan.sinceJob ? 300 : 5) : null,
    ...extrasAt(index, bad),
  };
}

export function totalsOf(plan: Plan): TestTotals {
  const totals = { total: plan.total, success: 0, failures: 0, errors: 0, skips: 0 };
  for (let at = 0; at < plan.total; at += 1) {
    const outcome = outcomeAt(plan, at);
    if (outcome === 'passed') totals.success += 1;
    else if (outcome === 'failed') totals.failures += 1;
    else if (outcome === 'errored') totals.errors += 1;
    else totals.skips += 1;
  }
  const bad = totals.failures + totals.errors;
  return { ...totals, regressions: plan.regressed ? bad : 0, successfixes: 0 };
}

interface Query {
  outcomes: string[];
  state: string;
  q: string;
  limit: number;
  offset: number;
}

export function listCases(plan: Plan, query: Query) {
  const totals: Partial<Record<Outcome, number>> = {};
  const states: Partial<Record<CaseState, number>> = {};
  const tests: TestCase[] = [];
  let count = 0;
  for (let at = 0; at < plan.total; at += 1) {
    const test = caseAt(plan, at);
    totals[test.outcome] = (totals[test.outcome] ?? 0) + 1;
    states[test.state] = (states[test.state] ?? 0) + 1;
    if (query.outcomes.length && !query.outcomes.includes(test.outcome)) continue;
    if (query.state && query.state !== test.state) continue;
    const name = `${test.classname} ${test.name}`.toLowerCase();
    if (query.q && !name.includes(query.q.toLowerCase())) continue;
    if (count >= query.offset && tests.length < query.limit) tests.push(test);
    count += 1;
  }
  return { tests, _meta: { count, totals, states } };
}
