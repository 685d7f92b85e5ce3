import CheckCircleIcon from 'icons/check-circle-icon';
import { ToggleGroup, ToggleGroupItem } from 'pf/ToggleGroup';
import { useLocation } from 'react-router';
import type { FailureGroup } from '@/api/types';
import { useAddress } from '@/components/useAddress';
import { bundlesOf } from './bundles';
import { GroupCard } from './GroupCard';
import { inOrder, matches, readFilter, type GroupFilter } from './groups';

const CHOICES = {
  scope: [
    ['everyone', 'Everyone'],
    ['one_lab', 'One lab'],
    ['some_labs', 'Some labs'],
    ['only_run', 'Only run'],
  ],
  seen: [
    ['new', 'New'],
    ['known', 'Known'],
  ],
} as const;

const LABELS = { scope: 'Who is hit', seen: 'New or known' };

function Choice({ name, groups }: { name: 'scope' | 'seen'; groups: readonly FailureGroup[] }) {
  const { params, get, set } = useAddress();
  const filter = readFilter(params);
  const toggle = (value: string) => set({ [name]: get(name) === value ? '' : value });
  const counted = CHOICES[name].map(([value, text]) => {
    const others: GroupFilter = { ...filter, [name]: value };
    return { value, text, n: bundlesOf(groups.filter((group) => matches(group, others))).length };
  });
  return (
    <ToggleGroup aria-label={LABELS[name]} isCompact>
      {counted
        .filter(({ value, n }) => n > 0 || filter[name] === value)
        .map(({ value, text, n }) => (
          <ToggleGroupItem
            key={value}
            text={`${text} ${n}`}
            buttonId={`filter-${value}`}
            isSelected={filter[name] === value}
            onChange={() => toggle(value)}
          />
        ))}
    </ToggleGroup>
  );
}

interface Props {
  groups: readonly FailureGroup[];
  /** The newest set fails somewhere. */
  fails: boolean;
}

export function FailureGroups({ groups, fails }: Props) {
  const { params } = useAddress();
  const { hash } = useLocation();
  const shown = inOrder(groups.filter((group) => matches(group, readFilter(params))));
  return (
    <section className="rt-groups" aria-labelledby="groups-title">
      <div className="rt-section-head">
        <h2 id="groups-title">Why it fails</h2>
        {groups.length > 1 && (
          <div className="rt-choices">
            <Choice name="scope" groups={groups} />
            <Choice name="seen" groups={groups} />
          </div>
        )}
      </div>
      {groups.length === 0 && fails && (
        <p className="rt-calm">
          None of these failures is grouped: that happens within seconds of a job’s end, from its
          result files and its log. What failed is on each job’s page.
        </p>
      )}
      {groups.length === 0 && !fails && (
        <p className="rt-calm">
          <CheckCircleIcon className="rt-good" /> No failure is known in this topic. When jobs fail,
          their failures are grouped here: who is hit, since which version.
        </p>
      )}
      {groups.length > 0 && shown.length === 0 && (
        <p className="rt-calm">No failure fits these filters.</p>
      )}
      {bundlesOf(shown).map((bundle, at) => (
        <GroupCard
          key={bundle.members[0]?.id}
          bundle={bundle}
          open={at === 0 && bundle.lead.in_latest_set && !hash}
        />
      ))}
    </section>
  );
}
