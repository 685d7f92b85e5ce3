/** A control server small enough to live in a test: method and address in, status and JSON out. */
import type { Job } from '@/api/types';
import { ADMIN_ROUTES } from './admin.ts';
import { before, components, id, product, topic } from './catalog.ts';
import { marksOf, type FakeLog } from './logs.ts';
import { listCases } from './testcases.ts';
import { TOLD_JOB, toldFiles, toldStates } from './told.ts';
import { ISSUE_ROUTES } from './issues.ts';
import { LAB_ROUTES } from './labs.ts';
import { QUESTION_ROUTES } from './questions.ts';
import { fits, list, ok, refuse, type Answer, type Asked, type Route } from './routing.ts';
import type { World } from './world.ts';

export type { Answer };

function jobsOf({ world, query }: Asked): Job[] {
  return world.jobs
    .map(({ job }) => job)
    .filter((job) => fits(job, query.get('where')))
    .sort((a, b) => b.created_at.localeCompare(a.created_at));
}

function withJob(asked: Asked, answer: (job: NonNullable<ReturnType<World['job']>>) => Answer): Answer {
  const found = asked.world.job(asked.params[0] ?? '');
  return found ? answer(found) : refuse(404, 'job not found');
}

function searchLog(log: FakeLog, query: URLSearchParams): Answer {
  const q = query.get('q') ?? '';
  const limit = Number(query.get('limit') ?? 100);
  const context = Number(query.get('context') ?? 0);
  const source = query.get('regex') === '1' ? q : q.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, query.get('case') === '1' ? '' : 'i');
  } catch {
    return refuse(400, 'q: the pattern cannot be read: missing )');
  }
  const lines = log.lines.flatMap((text, line) => (pattern.test(text) ? [line] : []));
  const matches = lines.slice(0, limit).map((line) => ({
    line,
    text: log.lines[line],
    ...(context && {
      before: log.lines.slice(Math.max(0, line - context), line),
      after: log.lines.slice(line + 1, line + 1 + context),
    }),
  }));
  const complete = lines.length <= limit;
  return ok({ matches, _meta: { count: matches.length, complete, ...(!complete && { stopped: 'matches' }) } });
}

const event = (type: string, data: unknown): string => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Events as the server tells them, all at once. */
function searchLogs(world: World, query: URLSearchParams): Answer {
  if ((query.get('query') ?? '').includes('((')) return refuse(400, 'query: a bracket is not closed');
  const newest = [...world.jobs].sort((a, b) => b.job.created_at.localeCompare(a.job.created_at));
  const told: string[] = [];
  let lines = 0;
  for (const { job, log } of newest) {
    const found = searchLog(log, query);
    if (found.status !== 200) return found;
    const { matches } = found.body as { matches: unknown[] };
    lines += matches.length;
    const { id: job_id, name, created_at, attempt } = job;
    if (matches.length > 0) told.push(event('matches', { job_id, name, created_at, attempt, matches }));
  }
  const jobs = newest.length;
  told.push(event('progress', { jobs_done: jobs, jobs, bytes: 4096 }));
  told.push(event('end', { complete: true, stopped: null, matches: lines, message: 'every log was searched' }));
  return { status: 200, text: told.join('') };
}

const ROUTES: Route[] = [
  ['POST', /^\/session$/, ({ world, body }) => {
    if (body.password !== 'ringtest') return refuse(401, 'Operation not authorized.');
    world.loggedIn = true;
    return ok({ identity: world.identity }, 201);
  }],
  ['DELETE', /^\/session$/, ({ world }) => {
    world.loggedIn = false;
    return { status: 204 };
  }],
  ['GET', /^\/identity$/, ({ world }) => ok({ identity: world.identity })],
  ['GET', /^\/users\/me$/, ({ world }) => ok({ user: world.profile })],
  ['PUT', /^\/users\/me$/, ({ world, body }) => {
    if (body.current_password !== 'ringtest') return refuse(400, 'current_password is wrong');
    const { fullname, email } = body as { fullname: string; email: string | null };
    Object.assign(world.profile, { fullname, email });
    return ok({ user: world.profile });
  }],
  ['GET', /^\/tokens$/, ({ world, query }) => list('tokens', world.tokens, query)],
  ['POST', /^\/tokens$/, ({ world, body }) => {
    const token = world.makeToken(body as { name: string; scopes: string[]; expires_at: string });
    return ok({ token: { ...token, token: 'rt_shown-once' } }, 201);
  }],
  ['DELETE', /^\/tokens\/([^/]+)$/, ({ world, params }) => {
    world.tokens = world.tokens.filter((one) => one.id !== params[0]);
    return { status: 204 };
  }],
  ['GET', /^\/topics\/notifications$/, ({ world, query }) => list('topics', world.followed, query)],
  ['POST', /^\/topics\/([^/]+)\/notifications$/, ({ world }) => {
    world.followed = [topic];
    return ok({}, 201);
  }],
  ['DELETE', /^\/topics\/([^/]+)\/notifications$/, ({ world }) => {
    world.followed = [];
    return { status: 204 };
  }],
  ['POST', /^\/remotecis\/([^/]+)\/users$/, ({ world, params }) => {
    world.profile.remotecis.push(...world.labs.filter((one) => one.id === params[0]));
    return ok({}, 201);
  }],
  ['DELETE', /^\/remotecis\/([^/]+)\/users\/([^/]+)$/, ({ world, params }) => {
    world.profile.remotecis = world.profile.remotecis.filter((one) => one.id !== params[0]);
    return { status: 204 };
  }],
  ['GET', /^\/products\/([^/]+)\/health$/, ({ world, params }) =>
    params[0] === product.id ? ok({ health: world.health() }) : refuse(404, 'product not found')],
  ['GET', /^\/components$/, ({ query }) =>
    list('components', components.filter((one) => fits(one, query.get('where'))), query)],
  ['GET', /^\/components\/([^/]+)$/, ({ world, params }) => {
    const component = components.find((one) => one.id === params[0]);
    if (!component) return refuse(404, 'component not found');
    const jobs = world.jobs
      .map(({ job }) => job)
      .filter((job) => job.components.some((one) => one.id === component.id));
    return ok({ component: { ...component, jobs } });
  }],
  ['GET', /^\/components\/([^/]+)\/files$/, ({ world, query }) =>
    list('component_files', world.componentFiles(), query)],
  ['GET', /^\/jobs$/, (asked) => list('jobs', jobsOf(asked), asked.query)],
  ['GET', /^\/jobs\/([^/]+)$/, (asked) => withJob(asked, ({ job }) => ok({ job }))],
  ['GET', /^\/jobs\/([^/]+)\/stages$/, (asked) => withJob(asked, ({ stages }) => ok({ stages, _meta: { count: stages.length } }))],
  ['GET', /^\/jobs\/([^/]+)\/attempts$/, (asked) => withJob(asked, ({ job }) => {
    const attempts = Array.from({ length: job.attempt }, (_, at) => ({
      number: at + 1,
      agent: 'lab-host-1/4711',
      claimed_at: job.started_at,
      ended_at: at + 1 < job.attempt ? job.started_at : job.finished_at,
      outcome: at + 1 < job.attempt ? 'lost' : job.finished_at ? 'finished' : null,
    }));
    return ok({ attempts, _meta: { count: attempts.length } });
  })],
  ['GET', /^\/jobs\/([^/]+)\/results$/, (asked) => withJob(asked, ({ job, plan }) => {
    const warnings = job.name === 'big-suite' ? [{ code: 'time', message: 'line 4711: time="fast" is not a number; 0 is used' }] : [];
    const results = plan && job.tests
      ? [{ file_id: id(7, 1), name: 'junit.xml', ...job.tests, time: 9.3, warnings }]
      : [];
    return ok({ results, _meta: { count: results.length } });
  })],
  ['GET', /^\/jobs\/([^/]+)\/jobstates$/, (asked) => withJob(asked, ({ job }) => {
    if (job.id === TOLD_JOB) return list('jobstates', toldStates(), asked.query);
    const words = ['new', 'pre-run', 'running', 'post-run', job.status];
    const jobstates = words.map((status, at) => ({ id: id(13, at), status, comment: null, created_at: job.created_at }));
    return list('jobstates', jobstates, asked.query);
  })],
  ['GET', /^\/files\/([^/]+)$/, ({ world, params }) => {
    const file = [...world.files(), ...toldFiles()].find((one) => one.id === params[0]);
    return file ? ok({ file }) : refuse(404, 'file not found');
  }],
  ['GET', /^\/jobs\/([^/]+)\/files$/, (asked) => withJob(asked, ({ job }) =>
    job.id === TOLD_JOB
      ? list('files', toldFiles().filter(({ created_at }) => created_at >= (asked.query.get('created_after') ?? '')), asked.query)
      :
    list('files', job.phase === 'finished' ? asked.world.files() : [], asked.query))],
  ['GET', /^\/jobs\/([^/]+)\/files\/zip$/, (asked) => withJob(asked, () => {
    const ids = (asked.query.get('ids') ?? '').split(',').filter(Boolean);
    const names = asked.world.files().filter((one) => ids.length === 0 || ids.includes(one.id)).map((one) => one.name);
    return { status: 200, text: `an archive of ${names.join(', ')}\n` };
  })],
  ['GET', /^\/files\/([^/]+)\/content$/, () => ({ status: 200, text: 'first line\nsecond line <b>not bold</b>\n' })],
  ['GET', /^\/jobs\/([^/]+)\/tests$/, (asked) => withJob(asked, ({ plan, job }) => {
    if (!plan || !job.tests) return ok({ tests: [], _meta: { count: 0, totals: {}, retired: job.tags.includes('old') } });
    const { query } = asked;
    return ok(listCases(plan, {
      outcomes: (query.get('outcome') ?? '').split(',').filter(Boolean),
      state: query.get('state') ?? '',
      q: query.get('q') ?? '',
      limit: Number(query.get('limit') ?? 200),
      offset: Number(query.get('offset') ?? 0),
    }));
  })],
  ['GET', /^\/jobs\/([^/]+)\/log$/, (asked) => withJob(asked, ({ log, job }) => {
    const from = Number(asked.query.get('from_line') ?? 0);
    const limit = Number(asked.query.get('limit') ?? 1000);
    const lines = log.lines.slice(from, from + limit);
    const complete = job.phase === 'finished';
    return ok({ log: { attempt: job.attempt, from_line: from, lines, total_lines: log.lines.length, complete } });
  })],
  ['GET', /^\/jobs\/([^/]+)\/log\/raw$/, (asked) => withJob(asked, ({ log }) => ({ status: 200, text: log.lines.join('\n') }))],
  ['GET', /^\/jobs\/([^/]+)\/log\/search$/, (asked) => withJob(asked, ({ log }) => searchLog(log, asked.query))],
  ['GET', /^\/log_search$/, ({ world, query }) => searchLogs(world, query)],
  ['GET', /^\/jobs\/([^/]+)\/log\/marks$/, (asked) => withJob(asked, ({ log, stages, job }) =>
    ok({ marks: marksOf(log, stages, job.attempt) }))],
  ['POST', /^\/jobs\/([^/]+)\/cancel$/, (asked) => withJob(asked, ({ job }) => {
    job.cancel_requested_at = before(0);
    asked.world.tell('job.cancel_requested', { job_id: job.id });
    return ok({ job }, 202);
  })],
  ['GET', /^\/jobs\/([^/]+)\/holds$/, (asked) => withJob(asked, ({ hold }) =>
    list('holds', hold ? [hold] : [], asked.query))],
  ['POST', /^\/jobs\/([^/]+)\/hold\/extend$/, (asked) => withJob(asked, ({ hold }) => {
    if (!hold) return refuse(404, 'the job is not held');
    hold.until = before(-4 * 60);
    return ok({ hold });
  })],
  ['POST', /^\/jobs\/([^/]+)\/hold\/release$/, (asked) => withJob(asked, ({ hold }) => {
    if (!hold) return refuse(404, 'the job is not held');
    hold.is_held = false;
    return ok({ hold });
  })],
  ['POST', /^\/jobs\/([^/]+)\/retry$/, (asked) => withJob(asked, ({ job }) => {
    Object.assign(job, { status: 'new', phase: 'queued', result: null, stage: null });
    asked.world.tell('job.retried', { job_id: job.id });
    return ok({ job }, 201);
  })],
  ['GET', /^\/deliveries$/, ({ world, query }) =>
    list('deliveries', world.deliveries.filter((one) => fits(one, query.get('where'))), query)],
  ['POST', /^\/deliveries\/([^/]+)\/retry$/, ({ world, params }) => {
    const delivery = world.deliveries.find((one) => one.id === params[0]);
    if (!delivery) return refuse(404, 'delivery not found');
    Object.assign(delivery, { status: 'delivered', attempts: delivery.attempts + 1, delivered_at: before(0) });
    return ok({ delivery }, 202);
  }],
  ...ISSUE_ROUTES,
  ...QUESTION_ROUTES,
  ...LAB_ROUTES,
  ...ADMIN_ROUTES,
];

/** `path` is below /api/v1. */
export function answer(
  world: World,
  method: string,
  path: string,
  query: URLSearchParams,
  body: Record<string, unknown> = {},
  etag = '',
): Answer {
  if (!world.loggedIn && path !== '/session') return refuse(401, 'Operation not authorized.');
  for (const [routeMethod, pattern, reply] of ROUTES) {
    const match = pattern.exec(path);
    if (match && routeMethod === method) {
      return reply({ world, params: match.slice(1), query, body, etag });
    }
  }
  return refuse(404, 'no such address');
}
