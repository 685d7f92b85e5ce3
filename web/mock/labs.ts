/** What labs' machines are made of, and what people want to run on them. */
import type { LabRun, Machine } from '@/api/types';
import { before, id, LAB_A } from './catalog.ts';
import { list, ok, refuse, type Route } from './routing.ts';

export function makeLabRuns(): LabRun[] {
  return [
    {
      id: id(18, 1),
      created_at: before(12),
      remoteci_id: LAB_A,
      asker_name: 'vera',
      name: 'firmware check',
      comment: 'after the new firmware',
      spec: { stages: { test: [{ run: 'make check' }] } },
      status: 'asked',
      expires_at: before(-60),
      reason: null,
      job_id: null,
    },
  ];
}

const machine: Machine = {
  id: id(19, 1),
  agent: 'rack-7/1f2e3d4c5b6a',
  created_at: before(180),
  labels: { arch: 'x86_64', cpus: '64', os: 'rhel', rack: '7' },
  inventory: {
    cpu: { model: 'Xeon Gold 6338', threads: 64, flags: { avx2: true } },
    nics: { '0000:3b:00.0': { driver: 'mlx5_core', firmware: '22.41.1000' } },
  },
  changes: [
    { what: 'inventory / nics / 0000:3b:00.0 / firmware', before: '22.39.1048', after: '22.41.1000' },
  ],
};

export const LAB_ROUTES: Route[] = [
  ['GET', /^\/remotecis\/([^/]+)\/inventory$/, ({ params, query }) =>
    list('inventories', params[0] === LAB_A ? [machine] : [], query)],
  ['GET', /^\/jobs\/([^/]+)\/inventory\/differences$/, ({ params, world }) => {
    const job = params[0] ?? '';
    const last_good = world.jobs.find((one) => one.job.result === 'passed')?.job.id ?? null;
    const comparison = { job_id: job, with_job_id: last_good, is_known: true, differences: machine.changes };
    return ok({ comparison });
  }],
  ['GET', /^\/lab_runs$/, ({ world, query }) => list('lab_runs', world.labRuns, query)],
  ['POST', /^\/lab_runs$/, ({ world }) => {
    const job_id = world.jobs[0]?.job.id ?? null;
    const [first] = makeLabRuns();
    return ok({ lab_run: { ...first, id: id(18, 2), name: 'smoke', status: 'placed', job_id } }, 201);
  }],
  ['POST', /^\/lab_runs\/([^/]+)\/(allow|refuse)$/, ({ world, params }) => {
    const run = world.labRuns.find((one) => one.id === params[0]);
    if (!run) return refuse(404, 'lab run not found');
    run.status = params[1] === 'allow' ? 'placed' : 'refused';
    return ok({ lab_run: run });
  }],
];
