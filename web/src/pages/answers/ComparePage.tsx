/** What is different between two versions, labs, times or jobs? */
import { useQuery } from '@tanstack/react-query';
import ColumnsIcon from 'icons/columns-icon';
import { useOutletContext } from 'react-router';
import { comparisonQuery } from '@/api/queries/questions';
import type { Category, ComparedCase, Comparison } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { Pager, readPlace } from '@/components/Pager';
import { QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { count, plural } from '@/format/size';
import type { AnswersContext } from './context';
import { CATEGORIES, CATEGORY_WORDS, readSide, sideText } from './sides';
import { SidePicker } from './SidePicker';
import { TestName } from './TestName';

export function ComparePage() {
  const { topic } = useOutletContext<AnswersContext>();
  const { params, get, set } = useAddress();
  const [left, right] = [readSide(get('left')), readSide(get('right'))];
  const ready = left !== null && right !== null;
  const category = get('category');
  const query = useQuery({
    ...comparisonQuery({
      left: left ? sideText(left) : '',
      right: right ? sideText(right) : '',
      topic: topic.id,
      category,
      q: get('q'),
      ...readPlace(params),
    }),
    enabled: ready,
  });
  return (
    <>
      <SidePicker topic={topic} left={left} right={right} />
      {!ready ? (
        <Teach
          title="Choose two sides"
          icon={ColumnsIcon}
          commands={['ringtest compare component:LEFT component:RIGHT --topic TOPIC']}
        >
          Every test falls into one category: what broke, what was fixed, what came, what went and
          what stayed. Jobs, failures and days of a trend lead here by themselves.
        </Teach>
      ) : (
        <QueryView query={query}>
          {(comparison) => (
            <Compared
              comparison={comparison}
              total={comparison.count}
              topic={topic.id}
              category={category}
              onCategory={(value) => set({ category: value === category ? '' : value }, { step: true })}
              q={get('q')}
              busy={query.isFetching}
            />
          )}
        </QueryView>
      )}
    </>
  );
}

interface Props {
  comparison: Comparison;
  total: number;
  topic: string;
  category: string;
  q: string;
  onCategory: (category: Category) => void;
  busy: boolean;
}

function Compared({ comparison, total, topic, category, q, onCategory, busy }: Props) {
  const { left, right, counts, cases } = comparison;
  return (
    <>
      <div className="rt-categories" role="group" aria-label="Categories">
        {CATEGORIES.map(([key, name, meaning]) => (
          <button
            key={key}
            type="button"
            className={`rt-category rt-category-${key}`}
            aria-pressed={category === key}
            title={meaning}
            onClick={() => onCategory(key)}
          >
            <b>{count(counts[key] ?? 0)}</b> {name}
          </button>
        ))}
      </div>
      <div className="rt-answers-head">
        <p className="rt-muted">
          {left.label} ({plural(left.jobs, 'job')}) against {right.label} ({plural(right.jobs, 'job')})
        </p>
        <Exports
          name="comparison"
          json={comparison}
          columns={() => [
            { name: 'category', values: cases.map((one) => one.category) },
            { name: 'suite', values: cases.map((one) => one.test.suite) },
            { name: 'classname', values: cases.map((one) => one.test.classname) },
            { name: 'name', values: cases.map((one) => one.test.name) },
            { name: 'left', values: cases.map((one) => one.left?.outcome) },
            { name: 'right', values: cases.map((one) => one.right?.outcome) },
          ]}
        />
      </div>
      <div className="rt-filters" role="search" aria-label="Filter the comparison">
        <SearchField param="q" label="Test name contains" />
      </div>
      {cases.length === 0 ? (
        <p className="rt-calm">No test {q ? 'with this name ' : ''}is in this category.</p>
      ) : (
        <DataTable
          label="Compared tests"
          busy={busy}
          columns={['Test', 'Category', left.label, right.label]}
        >
          {cases.map((one) => (
            <Row key={one.test.id}>
              <Cell label="Test">
                <TestName test={one.test} topic={topic} />
              </Cell>
              <Cell label="Category">
                <span className={`rt-category-word rt-category-${one.category}`}>
                  {CATEGORY_WORDS[one.category]}
                </span>
              </Cell>
              <Cell label="Left">
                <Outcome side={one.left} />
              </Cell>
              <Cell label="Right">
                <Outcome side={one.right} />
              </Cell>
            </Row>
          ))}
        </DataTable>
      )}
      <Pager count={total} />
    </>
  );
}

function Outcome({ side }: { side: ComparedCase['left'] }) {
  if (!side) return <span className="rt-muted">not there</span>;
  return (
    <>
      <span className={`rt-outcome rt-outcome-${side.outcome}`}>{side.outcome}</span>
      {side.runs > 1 && (
        <span className="rt-muted">
          {side.failed > 0
            ? ` in ${count(side.failed)} of ${count(side.runs)} runs`
            : ` in all of ${count(side.runs)} runs`}
        </span>
      )}
    </>
  );
}
