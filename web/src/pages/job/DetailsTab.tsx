import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { attemptsQuery, statesQuery } from '@/api/queries/jobs';
import { CopyButton } from '@/components/CopyButton';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { QueryView } from '@/components/QueryView';
import { StatusLabel } from '@/components/StatusLabel';
import { Time, Took } from '@/components/Time';
import type { Job } from '@/api/types';
import { useJob } from './context';

const OUTCOME_WORDS = {
  finished: 'finished',
  lost: 'lost its agent',
  released: 'given back by its agent',
};

function Attempts({ job }: { job: Job }) {
  const query = useQuery(attemptsQuery(job.id));
  return (
    <QueryView query={query}>
      {(attempts) =>
        attempts.length === 0 ? (
          <p className="rt-muted">No agent has taken the job yet.</p>
        ) : (
          <DataTable label="Attempts" columns={['Attempt', 'Agent', 'Taken', 'Took', 'Outcome', 'Log']}>
            {attempts.map((attempt) => (
              <Row key={attempt.number}>
                <Cell label="Attempt">{attempt.number}</Cell>
                <Cell label="Agent">
                  <code>{attempt.agent ?? '–'}</code>
                </Cell>
                <Cell label="Taken">
                  <Time at={attempt.claimed_at} />
                </Cell>
                <Cell label="Took">
                  <Took from={attempt.claimed_at} to={attempt.ended_at} />
                </Cell>
                <Cell label="Outcome">
                  {attempt.outcome ? OUTCOME_WORDS[attempt.outcome] : 'under way'}
                </Cell>
                <Cell label="Log">
                  <Link to={`/jobs/${job.id}/log?attempt=${attempt.number}`}>log</Link>
                </Cell>
              </Row>
            ))}
          </DataTable>
        )
      }
    </QueryView>
  );
}

function States({ job }: { job: Job }) {
  const query = useQuery(statesQuery(job.id));
  return (
    <QueryView query={query}>
      {(states) => (
        <ol className="rt-states">
          {states.map((state, at) => (
            <li key={state.id}>
              <StatusLabel status={state.status} compact past={at < states.length - 1} /> <Time at={state.created_at} full />
              {state.comment && <span className="rt-muted"> {state.comment}</span>}
            </li>
          ))}
        </ol>
      )}
    </QueryView>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === null || children === undefined || children === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function DetailsTab() {
  const { job } = useJob();
  const data = job.data && Object.keys(job.data).length > 0 ? job.data : null;
  return (
    <section aria-label="Details" className="rt-details">
      <div>
        <h3>Facts</h3>
        <dl className="rt-facts">
          <Fact name="Job id">
            <code>{job.id}</code> <CopyButton text={job.id} label="Copy the id" />
          </Fact>
          <Fact name="Created">
            <Time at={job.created_at} full />
          </Fact>
          <Fact name="Started">
            <Time at={job.started_at} full />
          </Fact>
          <Fact name="Finished">
            <Time at={job.finished_at} full />
          </Fact>
          <Fact name="Comment">{job.comment}</Fact>
          <Fact name="Reason">{job.status_reason}</Fact>
          <Fact name="Configuration">{job.configuration}</Fact>
          <Fact name="Pipeline">{job.pipeline?.name}</Fact>
          <Fact name="Tags">
            {job.tags.map((tag) => (
              <Link key={tag} to={`/jobs?tag=${encodeURIComponent(tag)}`} className="rt-pill">
                {tag}
              </Link>
            ))}
          </Fact>
          <Fact name="Component set">
            {job.set_key && <code>{job.set_key}</code>}
          </Fact>
          <Fact name="Client">{job.client_version}</Fact>
          {(job.keys_values ?? []).map(({ key, value }) => (
            <Fact key={key} name={key}>
              {value}
            </Fact>
          ))}
        </dl>
      </div>
      <div>
        <h3>Attempts</h3>
        <Attempts job={job} />
      </div>
      <div>
        <h3>What happened when</h3>
        <States job={job} />
      </div>
      {data && (
        <div>
          <h3>Data</h3>
          <pre className="rt-sample">{JSON.stringify(data, null, 2)}</pre>
        </div>
      )}
    </section>
  );
}
