/** Parts of a known issue that its list and its page share. */
import { useQuery } from '@tanstack/react-query';
import { Label } from 'pf/Label';
import { Link } from 'react-router';
import { productsQuery, topicsQuery } from '@/api/queries/catalog';
import type { KnownIssue } from '@/api/types';
import { KIND_WORDS, standingOf, STANDINGS, type Standing } from './issues';

const COLOURS: Record<Standing, 'purple' | 'grey' | 'orange'> = {
  used: 'purple',
  withdrawn: 'grey',
  expired: 'orange',
};

export function StandingLabel({ issue }: { issue: KnownIssue }) {
  const standing = standingOf(issue);
  const { name, hint } = STANDINGS[standing];
  return (
    <Label isCompact color={COLOURS[standing]} title={hint}>
      {name}
    </Label>
  );
}

/** What the rule looks for; a failure group is named by its rule, not by its id. */
export function Names({ issue: { kind, pattern } }: { issue: Pick<KnownIssue, 'kind' | 'pattern'> }) {
  const { name, hint } = KIND_WORDS[kind];
  return (
    <span title={hint}>
      <span className="rt-muted">{name}</span>{' '}
      {kind !== 'signature' && <code className="rt-issue-pattern">{pattern}</code>}
    </span>
  );
}

export function Where({ issue }: { issue: Pick<KnownIssue, 'topic_id' | 'product_id'> }) {
  const topics = useQuery(topicsQuery).data ?? [];
  const products = useQuery(productsQuery).data ?? [];
  if (issue.topic_id) {
    const topic = topics.find((one) => one.id === issue.topic_id);
    if (!topic) return issue.topic_id.slice(0, 8);
    return <Link to={`/products/${topic.product_id}?topic=${topic.id}`}>{topic.name}</Link>;
  }
  if (issue.product_id) {
    const product = products.find((one) => one.id === issue.product_id);
    return <Link to={`/products/${issue.product_id}`}>{product?.name ?? issue.product_id.slice(0, 8)}</Link>;
  }
  return 'everywhere';
}
