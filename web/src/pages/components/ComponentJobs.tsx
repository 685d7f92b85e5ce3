/** Every job that used the component, gathered per lab. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { labsQuery } from '@/api/queries/labs';
import type { Component, ComponentJob } from '@/api/types';
import { Counts } from '@/components/Counts';
import { StatusLabel } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { perLab } from './perLab';

const SHOWN = 10;

function JobLine({ job }: { job: ComponentJob }) {
  return (
    <li>
      <StatusLabel status={job.status} compact />
      <Link to={`/jobs/${job.id}`} data-row>
        {job.name ?? job.id.slice(0, 8)}
      </Link>
      {job.tests && <Counts tests={job.tests} />}
      <Time at={job.created_at} />
    </li>
  );
}

export function ComponentJobs({ component }: { component: Component }) {
  const labs = useQuery(labsQuery).data ?? [];
  const jobs = component.jobs ?? [];
  if (jobs.length === 0) return <p className="rt-calm">No job has used this component yet.</p>;
  return (
    <div className="rt-cards">
      {perLab(jobs, labs).map((lab) => (
        <section key={lab.id} className="rt-card" aria-label={`Jobs in ${lab.name}`}>
          <h3>
            <Link to={`/labs#${lab.id}`}>{lab.name}</Link>
          </h3>
          <p className="rt-muted rt-small">
            {lab.passed} of {lab.finished} passed
          </p>
          <ul className="rt-job-lines">
            {lab.jobs.slice(0, SHOWN).map((job) => (
              <JobLine key={job.id} job={job} />
            ))}
          </ul>
          {lab.jobs.length > SHOWN && (
            <Link to={`/jobs?lab=${lab.id}`}>and {lab.jobs.length - SHOWN} more</Link>
          )}
        </section>
      ))}
    </div>
  );
}
