import { useQuery } from '@tanstack/react-query';
import { NavLink, Outlet, useLocation, useParams, useSearchParams } from 'react-router';
import { jobQuery, stagesQuery } from '@/api/queries/jobs';
import type { Job } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { Bars, QueryView } from '@/components/QueryView';
import { StatusLabel } from '@/components/StatusLabel';
import { useActiveInView } from '@/components/useActiveInView';
import { JOB_LOOKS } from '@/format/status';
import { count } from '@/format/size';
import type { JobContext } from './context';
import { Evidence } from './Evidence';
import { FirstAnswer } from './FirstAnswer';
import { Held } from './Held';
import { MachineDiffers } from './MachineDiffers';
import { JobActions } from './JobActions';
import { JobFacts } from './JobFacts';
import { attemptOf, tellsItself } from './stages';
import { StateSteps } from './StateSteps';
import { Stepper } from './Stepper';

/** An agent of ours sends a log; other tools tell of their tasks. */
const tabsOf = (job: Job) =>
  [
    tellsItself(job) ? ['tasks', 'Tasks'] : ['log', 'Log'],
    ...TABS,
  ] as const;

const TABS = [
  ['tests', 'Tests'],
  ['files', 'Files'],
  ['details', 'Details'],
] as const;

function Tabs({ job }: { job: Job }) {
  const attempt = new URLSearchParams(useLocation().search).get('attempt');
  const bar = useActiveInView();
  const bad = (job.tests?.failures ?? 0) + (job.tests?.errors ?? 0);
  return (
    <nav className="rt-tabs" aria-label="Parts of the job" ref={bar}>
      {tabsOf(job).map(([to, text]) => (
        <NavLink key={to} to={{ pathname: to, search: attempt ? `?attempt=${attempt}` : '' }} replace>
          {text}
          {to === 'tests' && job.tests && job.tests.total > 0 && (
            <span className={bad ? 'rt-pill rt-pill-bad' : 'rt-pill'}>
              {bad ? `${count(bad)} failed` : count(job.tests.total)}
            </span>
          )}
        </NavLink>
      ))}
    </nav>
  );
}

export function JobPage() {
  const { id = '' } = useParams();
  const [params] = useSearchParams();
  const query = useQuery(jobQuery(id));
  const stages = useQuery(stagesQuery(id));
  return (
    <QueryView
      query={query}
      loading={<Bars count={6} />}
      head={<PageHead title="No such job" crumbs={[['/jobs', 'Jobs']]} />}
    >
      {(job) => {
        const attempt = attemptOf(job, params.get('attempt'));
        const context: JobContext = { job, stages: stages.data ?? [], attempt };
        const name = job.name ?? `Job ${job.id.slice(0, 8)}`;
        return (
          <>
            <PageHead
              title={name}
              tab={`${JOB_LOOKS[job.status].label}: ${name}`}
              crumbs={[['/jobs', 'Jobs']]}
              badge={<StatusLabel status={job.status} />}
              actions={<JobActions job={job} />}
            />
            <section className="rt-card rt-job-card" aria-label="Summary">
              <JobFacts job={job} attempt={attempt} />
              {tellsItself(job) ? (
                <StateSteps job={job} />
              ) : (
                <Stepper job={job} stages={context.stages} attempt={attempt} />
              )}
            </section>
            <Held job={job} />
            <MachineDiffers job={job} />
            <FirstAnswer job={job} />
            <Evidence job={job} stages={context.stages} attempt={attempt} />
            <Tabs job={job} />
            <Outlet context={context} />
          </>
        );
      }}
    </QueryView>
  );
}
