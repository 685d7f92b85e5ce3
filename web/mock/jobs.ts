/** The demo's jobs: three component sets in two labs, one still running, one very big. */
import type { Component, Hold, Job, JobStatus, Stage, StageStatus, TestTotals } from '@/api/types';
import { JINJA, LAB_A, LAB_B, MARKUP_111, MARKUP_201, MARKUP_210, PRODUCT_ID, TEAM_A, TEAM_B, before, id, topic } from './catalog.ts';
import { IMPORT_ERROR, failingLog, passingLog, type FakeLog } from './logs.ts';
import { totalsOf, type Plan } from './testcases.ts';

export interface FakeJob {
  job: Job;
  stages: Stage[];
  log: FakeLog;
  plan: Plan | null;
  hold?: Hold;
}

interface Make {
  number: number;
  lab: string;
  markup: Component;
  status: JobStatus;
  minutes: number;
  log: FakeLog;
  plan?: Omit<Plan, 'jobId'>;
  previous?: number;
  attempt?: number;
  tags?: string[];
  name?: string;
  /** Not run by an agent of ours. */
  told?: boolean;
}

const PHASES: Record<JobStatus, Pick<Job, 'phase' | 'stage' | 'result'>> = {
  new: { phase: 'queued', stage: null, result: null },
  'pre-run': { phase: 'running', stage: 'prepare', result: null },
  running: { phase: 'running', stage: 'test', result: null },
  'post-run': { phase: 'running', stage: 'collect', result: null },
  success: { phase: 'finished', stage: null, result: 'passed' },
  failure: { phase: 'finished', stage: null, result: 'failed' },
  error: { phase: 'finished', stage: null, result: 'errored' },
  killed: { phase: 'finished', stage: null, result: 'cancelled' },
};

export const setKey = (markup: Component) => `set-${markup.version ?? ''}`;

function stagesOf(make: Make): Stage[] {
  const { log, status, minutes, attempt = 1 } = make;
  if (status === 'new' || make.told) return [];
  const stage = (
    name: Stage['name'],
    state: StageStatus,
    from: number,
    took: number | null,
    first: number,
  ): Stage => ({
    attempt,
    name,
    status: state,
    started_at: before(from),
    ended_at: took === null ? null : before(from - took),
    message: null,
    evidence: null,
    exit_code: state === 'passed' ? 0 : null,
    first_line: first,
  });
  if (status === 'running') {
    return [
      stage('prepare', 'passed', minutes, 0.2, log.prepare),
      stage('test', 'running', minutes - 0.2, null, log.test),
    ];
  }
  const test = stage('test', status === 'failure' ? 'failed' : 'passed', minutes - 0.2, 0.3, log.test);
  if (status === 'failure') {
    test.exit_code = make.plan ? 1 : 4;
    test.message = make.plan ? '3 tests failed' : 'Step “pytest” ended with exit status 4';
    test.evidence = make.plan ? null : IMPORT_ERROR;
  }
  return [
    stage('prepare', 'passed', minutes, 0.2, log.prepare),
    test,
    stage('collect', 'passed', minutes - 0.5, 0.05, log.collect ?? 0),
  ];
}

function makeJob(make: Make): FakeJob {
  const { number, lab, markup, status, minutes, attempt = 1 } = make;
  const jobId = id(6, number);
  const isA = lab === LAB_A;
  const plan = make.plan ? { ...make.plan, jobId } : null;
  const tests: TestTotals | null = plan && status !== 'running' ? totalsOf(plan) : null;
  const { phase } = PHASES[status];
  const job: Job = {
    id: jobId,
    etag: 'e'.repeat(32),
    created_at: before(minutes + 0.1),
    updated_at: before(minutes),
    status,
    ...PHASES[status],
    status_reason: null,
    comment: null,
    name: make.name ?? 'jinja2-tests',
    configuration: isA ? 'debian-12' : 'fedora-42',
    url: null,
    duration: 34,
    tags: make.tags ?? [],
    topic_id: topic.id,
    remoteci_id: lab,
    team_id: isA ? TEAM_A.id : TEAM_B.id,
    product_id: PRODUCT_ID,
    previous_job_id: make.previous ? id(6, make.previous) : null,
    attempt: phase === 'queued' || make.told ? 0 : attempt,
    max_attempts: 3,
    progress:
      status === 'running'
        ? { total: 740, passed: 210, failed: 0, errored: 0, skipped: 4 }
        : null,
    tests,
    set_key: setKey(markup),
    definition_id: make.told ? null : id(15, 1),
    cancel_requested_at: null,
    started_at: phase === 'queued' ? null : before(minutes),
    finished_at: phase === 'finished' ? before(minutes - 0.55) : null,
    components: [JINJA, markup],
    remoteci: { id: lab, name: isA ? 'lab-a' : 'lab-b' },
    topic: { id: topic.id, name: topic.name },
    team: isA ? TEAM_A : TEAM_B,
    client_version: 'ringtest-agent 0.1.0',
    keys_values: [],
    data: {},
  };
  return { job, stages: stagesOf(make), log: make.log, plan };
}

const GOOD = { total: 740, failing: 0, regressed: false, sinceJob: null };
const LAB_B_BAD = { total: 740, failing: 3, regressed: false, sinceJob: null };

export function makeJobs(bigLog: number): FakeJob[] {
  return [
    makeJob({ number: 1, lab: LAB_A, markup: MARKUP_111, status: 'success', minutes: 300, log: passingLog('1.1.1'), plan: GOOD }),
    makeJob({ number: 2, lab: LAB_B, markup: MARKUP_111, status: 'failure', minutes: 299, log: passingLog('1.1.1'), plan: LAB_B_BAD }),
    makeJob({ number: 3, lab: LAB_A, markup: MARKUP_201, status: 'success', minutes: 120, log: passingLog('2.0.1', bigLog), plan: GOOD, previous: 1 }),
    makeJob({ number: 4, lab: LAB_B, markup: MARKUP_201, status: 'failure', minutes: 119, log: passingLog('2.0.1'), plan: { ...LAB_B_BAD, sinceJob: id(6, 2) }, previous: 2, attempt: 2, tags: ['nightly'] }),
    makeJob({ number: 5, lab: LAB_A, markup: MARKUP_210, status: 'failure', minutes: 5, log: failingLog('2.1.0'), previous: 3 }),
    makeJob({ number: 6, lab: LAB_B, markup: MARKUP_210, status: 'running', minutes: 1, log: passingLog('2.1.0'), plan: GOOD, previous: 4 }),
    makeJob({ number: 7, lab: LAB_A, markup: MARKUP_201, status: 'failure', minutes: 1500, log: passingLog('2.0.1'), name: 'big-suite', plan: { total: 20_000, failing: 120, regressed: true, sinceJob: null }, tags: ['big', 'nightly'] }),
    makeJob({ number: 8, lab: LAB_B, markup: MARKUP_201, status: 'new', minutes: 3, log: { lines: [], prepare: 0, test: 0, collect: null }, name: 'big-suite' }),
    makeJob({ number: 9, lab: LAB_B, markup: MARKUP_111, status: 'failure', minutes: 2000, log: { lines: [], prepare: 0, test: 0, collect: null }, name: 'openshift-install', told: true }),
  ];
}
