/** Whose problem is it? The rules that know a failure, and the way to name it. */
import { Label } from 'pf/Label';
import { Link } from 'react-router';
import type { FailureGroup, KnownIssueRef } from '@/api/types';
import { OutsideLink } from '@/components/OutsideLink';
import { namingAddress } from '@/pages/issues/naming';

const words = ({ name, owner }: KnownIssueRef) => (owner ? `${name} · ${owner}` : name);

/** For where nothing can be clicked. */
export function KnownBadges({ issues = [] }: { issues?: readonly KnownIssueRef[] }) {
  return issues.map((issue) => (
    <Label
      key={issue.id}
      isCompact
      color={issue.expired ? 'grey' : 'purple'}
      title={issue.expired ? 'Was known; the rule has expired' : 'Known, and who looks after it'}
    >
      {words(issue)}
      {issue.expired && ' (expired)'}
    </Label>
  ));
}

/** Names that lead to their rule, owners, and where it is written down. */
export function KnownIssues({ issues }: { issues: readonly KnownIssueRef[] }) {
  return (
    <ul className="rt-known">
      {issues.map(({ id, name, owner, link, expired }) => (
        <li key={id}>
          <Link to={`/issues/${id}`}>{name}</Link>
          {owner && <span className="rt-muted">looked after by {owner}</span>}
          <OutsideLink to={link} />
          {expired && <span className="rt-warn">expired</span>}
        </li>
      ))}
    </ul>
  );
}

export function KnownAs({ group }: { group: FailureGroup }) {
  const issues = group.known_issues ?? [];
  return (
    <div>
      <h3 className="rt-part">Known as</h3>
      {issues.length > 0 && <KnownIssues issues={issues} />}
      <Link to={namingAddress(group)}>
        {issues.length > 0 ? 'Name it once more' : 'Name it as a known issue'}
      </Link>
    </div>
  );
}
