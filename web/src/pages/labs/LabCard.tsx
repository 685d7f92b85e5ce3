import { useQuery } from '@tanstack/react-query';
import { Label } from 'pf/Label';
import { Link } from 'react-router';
import { jobsQuery } from '@/api/queries/jobs';
import { topicsQuery } from '@/api/queries/catalog';
import type { Id, Job, Lab } from '@/api/types';
import { LabPresence } from '@/components/LabPresence';
import { Bars, QueryView } from '@/components/QueryView';
import { ProgressBar } from '@/components/Counts';
import { StatusLabel } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { Asked } from './Asked';
import { Machines } from './Machines';
import { RunHere } from './RunHere';

const LAST_JOBS = 5;

function JobLine({ job }: { job: Job }) {
  return (
    <li>
      <StatusLabel status={job.status} compact />
      <Link to={`/jobs/${job.id}`} data-row>
        {job.name ?? job.id.slice(0, 8)}
      </Link>
      {job.phase === 'running' ? <ProgressBar progress={job.progress} /> : <Time at={job.created_at} />}
    </li>
  );
}

function LastJobs({ lab }: { lab: Id }) {
  const query = useQuery(
    jobsQuery({
      limit: LAST_JOBS,
      offset: 0,
      sort: '-created_at',
      where: [['remoteci_id', lab]],
    }),
  );
  return (
    <QueryView query={query} loading={<Bars count={3} height="1.25rem" />}>
      {(page) =>
        page.items.length === 0 ? (
          <p className="rt-muted">No job yet.</p>
        ) : (
          <>
            <ul className="rt-job-lines">
              {page.items.map((job) => (
                <JobLine key={job.id} job={job} />
              ))}
            </ul>
            <Link to={`/jobs?lab=${lab}`}>All {page.count} jobs of this lab</Link>
          </>
        )
      }
    </QueryView>
  );
}

export function LabCard({ lab, named }: { lab: Lab; named: boolean }) {
  const topics = useQuery(topicsQuery).data ?? [];
  const product = (topicId: Id) => topics.find((topic) => topic.id === topicId)?.product_id;
  return (
    <section
      id={lab.id}
      className={named ? 'rt-card rt-card-named' : 'rt-card'}
      aria-labelledby={`name-${lab.id}`}
    >
      <div className="rt-lab-head">
        <h2 id={`name-${lab.id}`}>{lab.name}</h2>
        <LabPresence connected={lab.connected} lastSeenAt={lab.last_seen_at} />
        {lab.state !== 'active' && <Label isCompact>{lab.state}</Label>}
      </div>
      <p className="rt-muted rt-small">
        {lab.team?.name}
        {lab.agent_version && ` · agent ${lab.agent_version}`}
        {' · '}
        <Link to={`/admin/remotecis/${lab.id}`} aria-label={`Settings of ${lab.name}`}>
          settings
        </Link>
      </p>
      <p className="rt-lab-topics">
        {(lab.topics ?? []).map((topic) => {
          const owner = product(topic.id);
          return owner ? (
            <Link key={topic.id} to={`/products/${owner}?topic=${topic.id}`} className="rt-pill">
              {topic.name}
            </Link>
          ) : (
            <span key={topic.id} className="rt-pill">
              {topic.name}
            </span>
          );
        })}
        {(lab.topics ?? []).length === 0 && (
          <span className="rt-muted">Subscribed to no topic: it gets no jobs by itself.</span>
        )}
      </p>
      <Machines lab={lab.id} />
      <Asked lab={lab.id} />
      <LastJobs lab={lab.id} />
      <RunHere lab={{ ...lab, topics: lab.topics ?? [] }} />
    </section>
  );
}
