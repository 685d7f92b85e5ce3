/** Questions about a topic: every tab is one question, asked about the same days and labs. */
import { useQuery } from '@tanstack/react-query';
import ChartLineIcon from 'icons/chart-line-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Navigate, NavLink, Outlet, useLocation, useNavigate, useParams } from 'react-router';
import { useSearchParams } from 'react-router';
import { topicsQuery } from '@/api/queries/catalog';
import type { Topic } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useActiveInView } from '@/components/useActiveInView';
import { useNow } from '@/components/useNow';
import type { AnswersContext } from './context';
import { readSpan } from './span';
import { SpanPicker } from './SpanPicker';

const TABS = [
  ['trend', 'Trend'],
  ['flaky', 'Flaky tests'],
  ['tests', 'Tests'],
  ['durations', 'Durations'],
  ['coverage', 'Coverage'],
  ['compare', 'Compare'],
  ['statistics', 'Statistics'],
  ['logs', 'Logs'],
] as const;

/** Pages about days and labs; so is the history of a test. Others have their own way. */
const SPANNED = ['trend', 'flaky', 'durations', 'coverage', 'statistics'];

/** Without a topic in the address: the first one. */
export function AnswersStart() {
  const query = useQuery(topicsQuery);
  return (
    <QueryView query={query}>
      {(topics) =>
        topics[0] ? (
          <Navigate to={`/answers/${topics[0].id}/trend`} replace />
        ) : (
          <Teach
            title="No topic yet"
            icon={ChartLineIcon}
            commands={['ringtest topic create NAME --product PRODUCT --type TYPE']}
          >
            Results of jobs are counted by topic. As soon as there is one, its trends, flaky tests
            and comparisons are here.
          </Teach>
        )
      }
    </QueryView>
  );
}

export function AnswersPage() {
  const { topic: id = '' } = useParams();
  const query = useQuery(topicsQuery);
  return (
    <QueryView query={query}>
      {(topics) => {
        const topic = topics.find((one) => one.id === id);
        return topic ? <Answers topic={topic} topics={topics} /> : <Navigate to="/answers" replace />;
      }}
    </QueryView>
  );
}

function Answers({ topic, topics }: { topic: Topic; topics: readonly Topic[] }) {
  const [params] = useSearchParams();
  const { search, pathname } = useLocation();
  const navigate = useNavigate();
  const bar = useActiveInView();
  const now = useNow();
  const span = readSpan(params, now);
  const [, , , tab = 'trend', one] = pathname.split('/');
  const context: AnswersContext = { topic, span };
  const kept = new URLSearchParams(search);
  for (const name of [...kept.keys()]) {
    if (!['from', 'to', 'lab', 'team'].includes(name)) kept.delete(name);
  }
  return (
    <>
      <PageHead
        title={topic.name}
        tab={`${TABS.find(([to]) => to === tab)?.[1] ?? 'Answers'}: ${topic.name}`}
        crumbs={[
          ['/products', 'Products'],
          [`/products/${topic.product_id}?topic=${topic.id}`, topic.product?.name ?? 'Its answer'],
        ]}
        actions={
          topics.length > 1 && (
            <FormSelect
              aria-label="Topic"
              className="rt-select"
              value={topic.id}
              onChange={(_, to) => void navigate(`/answers/${to}/${tab}?${kept.toString()}`)}
            >
              {topics.map((one) => (
                <FormSelectOption key={one.id} value={one.id} label={one.name} />
              ))}
            </FormSelect>
          )
        }
      />
      <nav className="rt-tabs" aria-label="Questions" ref={bar}>
        {TABS.map(([to, text]) => (
          <NavLink key={to} to={{ pathname: to, search: kept.toString() }}>
            {text}
          </NavLink>
        ))}
      </nav>
      {(SPANNED.includes(tab) || one) && <SpanPicker span={span} />}
      <Outlet context={context} />
    </>
  );
}
