/** "The answer" of a product: component sets × labs, and below why they fail. */
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams, useSearchParams } from 'react-router';
import { healthQuery } from '@/api/queries/health';
import type { Health, Id } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { ToneIcon } from '@/components/StatusLabel';
import { answerOf } from './answer';
import { FailureGroups } from './FailureGroups';
import { mainCause, sinceWords } from './groups';
import { Matrix } from './Matrix';
import { TopicPicker } from './TopicPicker';

function AnswerBanner({ health }: { health: Health }) {
  const answer = answerOf(health);
  const cause = answer.tone === 'bad' ? mainCause(health.groups) : null;
  const since = cause && sinceWords(cause);
  const { search } = useLocation();
  return (
    <div className={`rt-answer rt-answer-${answer.tone}`} role="status">
      <span className="rt-answer-icon">
        <ToneIcon look={{ label: answer.text, tone: answer.tone, hint: '' }} />
      </span>
      <span>
        <span className="rt-answer-text">{answer.text}</span>
        {answer.more && <span className="rt-answer-more">{answer.more} </span>}
        {cause && (
          <span className="rt-answer-more">
            {since ? `Since ${since}: ` : 'Since the first run: '}
            <Link to={{ search, hash: cause.id }} preventScrollReset>
              {cause.title}
            </Link>
          </span>
        )}
      </span>
    </div>
  );
}

function Answer({ health }: { health: Health }) {
  if (!health.topic) {
    return (
      <Teach title="No topic yet" commands={[`ringtest topic create NAME --product '${health.product.name}' --type TYPE`]}>
        A topic is a version under test; components are published to it and labs subscribe to it.
      </Teach>
    );
  }
  if (health.sets.length === 0) {
    return (
      <Teach
        title="Nothing was tested yet"
        commands={[
          `ringtest definition create tests --topic '${health.topic.name}' --spec @job.yaml`,
          `ringtest rule create each-build --topic '${health.topic.name}' --definition tests`,
          `ringtest lab subscribe LAB --topic '${health.topic.name}'`,
          `ringtest component create NAME --type TYPE --topic '${health.topic.name}'`,
        ]}
      >
        Publish a component to “{health.topic.name}” and connect a lab: jobs start by themselves and
        the answer appears here.
      </Teach>
    );
  }
  return (
    <>
      <AnswerBanner health={health} />
      <Matrix health={health} />
      <FailureGroups groups={health.groups} fails={answerOf(health).tone === 'bad'} />
    </>
  );
}

/** What else can be asked about the topic. */
function Questions({ topic }: { topic: Id }) {
  return (
    <nav className="rt-questions" aria-label="Answers about this topic">
      {QUESTIONS.map(([to, text]) => (
        <Link key={to} to={`/answers/${topic}/${to}`}>
          {text}
        </Link>
      ))}
    </nav>
  );
}

const QUESTIONS = [
  ['trend', 'Trend'],
  ['flaky', 'Flaky tests'],
  ['durations', 'Durations'],
  ['coverage', 'Coverage'],
  ['compare', 'Compare'],
  ['statistics', 'Statistics'],
] as const;

export function HealthPage() {
  const { id = '' } = useParams();
  const [params] = useSearchParams();
  const query = useQuery(healthQuery(id, params.get('topic')));
  return (
    <QueryView
      query={query}
      head={<PageHead title="No such product" crumbs={[['/products', 'Products']]} />}
    >
      {(health) => (
        <>
          <PageHead
            title={health.product.name}
            crumbs={[['/products', 'Products']]}
            actions={
              <>
                {health.topic && <Questions topic={health.topic.id} />}
                <TopicPicker topics={health.topics} current={health.topic} />
              </>
            }
          />
          <Answer health={health} />
        </>
      )}
    </QueryView>
  );
}
