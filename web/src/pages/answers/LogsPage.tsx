/** Lines of the logs of many jobs, found while one waits. */
import SearchIcon from 'icons/search-icon';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Link, useOutletContext } from 'react-router';
import { literal } from '@/api/lists';
import type { LogQuestion } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { ErrorBox } from '@/components/ErrorBox';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { bytes, count, plural } from '@/format/size';
import { AnsiText } from '@/log/AnsiText';
import { plainText } from '@/log/ansi';
import { lineHash } from '@/log/lineLink';
import { Around } from '@/log/MatchList';
import { matcherOf, type Matcher } from '@/log/matcher';
import { CONTEXTS, readQuestion, writeQuestion } from '@/log/question';
import { markHits } from '@/log/spans';
import type { AnswersContext } from './context';
import { QueryBox } from './QueryBox';
import { useLogsSearch, type FoundIn, type LogsFound } from './useLogsSearch';

export function LogsPage() {
  const { topic } = useOutletContext<AnswersContext>();
  const { params, get, set, change } = useAddress();
  const asked = get('query') || `topic:${literal(topic.name)} since:7d`;
  const question = readQuestion(params);
  const found = useLogsSearch(question, asked);
  const ask = (more: Partial<LogQuestion>) => change((now) => writeQuestion(now, { ...question, ...more }));
  return (
    <>
      <QueryBox value={asked} onChange={(text) => set({ query: text })} />
      <div className="rt-filters" role="search" aria-label="Search logs">
        <SearchField param="q" label="Text in the logs" />
        <Choice on={question.matchCase} text="Aa" name="Match case" onClick={() => ask({ matchCase: !question.matchCase })} />
        <Choice on={question.regex} text=".*" name="Regular expression" onClick={() => ask({ regex: !question.regex })} />
        <FormSelect
          aria-label="Lines around a match"
          className="rt-select"
          value={question.context}
          onChange={(_, lines) => ask({ context: Number(lines) })}
        >
          {CONTEXTS.map((lines) => (
            <FormSelectOption key={lines} value={lines} label={`± ${plural(lines, 'line')}`} />
          ))}
        </FormSelect>
      </div>
      {question.q === '' ? (
        <Teach
          title="Search the logs of many jobs"
          icon={SearchIcon}
          commands={[`ringtest log search 'TEXT' --jobs '${asked}'`]}
        >
          The newest jobs that fit the query above are searched, newest first; what is found is shown at once.
        </Teach>
      ) : found.error ? (
        <ErrorBox error={found.error} />
      ) : (
        <Result found={found} question={question} name={topic.name} />
      )}
    </>
  );
}

interface ChoiceProps {
  on: boolean;
  text: string;
  name: string;
  onClick: () => void;
}

function Choice({ on, text, name, onClick }: ChoiceProps) {
  return (
    <Button
      variant={on ? 'primary' : 'secondary'}
      size="sm"
      aria-pressed={on}
      aria-label={name}
      title={name}
      onClick={onClick}
    >
      {text}
    </Button>
  );
}

function words({ lines, jobs, progress, ended }: LogsFound): string {
  const so = `${plural(lines, 'line')} in ${plural(jobs.length, 'job')}`;
  if (ended) return `${so}: ${ended.message}`;
  if (!progress) return 'searching…';
  return `${so}; ${count(progress.jobs_done)} of ${count(progress.jobs)} jobs searched, ${bytes(progress.bytes)}`;
}

interface ResultProps {
  found: LogsFound;
  question: LogQuestion;
  name: string;
}

function Result({ found, question, name }: ResultProps) {
  const matcher = matcherOf(question);
  const lines = () => found.jobs.flatMap((job) => job.matches.map((match) => ({ job, match })));
  return (
    <>
      <div className="rt-answers-head">
        <p className={found.ended && !found.ended.complete ? 'rt-warn' : 'rt-muted'} role="status">
          {words(found)}
        </p>
        {found.lines > 0 && (
          <Exports
            name={`lines-${name}`}
            json={found.jobs}
            columns={() => [
              { name: 'job_id', values: lines().map(({ job }) => job.job_id) },
              { name: 'job', values: lines().map(({ job }) => job.name) },
              { name: 'created_at', values: lines().map(({ job }) => job.created_at) },
              { name: 'attempt', values: lines().map(({ job }) => job.attempt) },
              { name: 'line', values: lines().map(({ match }) => match.line + 1) },
              { name: 'text', values: lines().map(({ match }) => plainText(match.text)) },
            ]}
          />
        )}
      </div>
      {found.jobs.map((job) => (
        <JobLines key={job.job_id} found={job} question={question} matcher={matcher} />
      ))}
    </>
  );
}

interface JobLinesProps {
  found: FoundIn;
  question: LogQuestion;
  matcher: Matcher | null;
}

/** The lines of one job, each a link to its place in the log. */
function JobLines({ found, question, matcher }: JobLinesProps) {
  const search = writeQuestion(new URLSearchParams({ attempt: String(found.attempt) }), question).toString();
  const pathname = `/jobs/${found.job_id}/log`;
  const name = found.name || found.job_id;
  return (
    <section className="rt-logs-job">
      <h2>
        <Link to={{ pathname, search }}>{name}</Link>{' '}
        <span className="rt-muted rt-small">
          <Time at={found.created_at} />
        </span>
      </h2>
      <div className="rt-matches" role="region" aria-label={`Lines of ${name}`} tabIndex={0}>
        <ol>
          {found.matches.map((match) => (
            <li key={match.line}>
              <Link
                to={{ pathname, search, hash: lineHash({ first: match.line, last: match.line }) }}
                aria-label={`To line ${match.line + 1}`}
              >
                {match.line + 1}
              </Link>
              <pre>
                <Around lines={match.before} />
                <AnsiText pieces={markHits([{ text: plainText(match.text), style: {} }], matcher)} />
                {'\n'}
                <Around lines={match.after} />
              </pre>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
