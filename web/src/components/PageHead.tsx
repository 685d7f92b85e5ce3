/** The page's heading; names the browser's tab too. */
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';

interface Props {
  title: string;
  /** What the browser's tab shows, when the heading is not clear enough alone. */
  tab?: string;
  crumbs?: readonly (readonly [string, string])[];
  lead?: ReactNode;
  actions?: ReactNode;
  badge?: ReactNode;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Ringtest`;
  }, [title]);
}

export function PageHead({ title, tab, crumbs = [], lead, actions, badge }: Props) {
  useTitle(tab ?? title);
  return (
    <div className="rt-head">
      <div className="rt-head-text">
        {crumbs.length > 0 && (
          <nav className="rt-crumbs" aria-label="Where you are">
            {crumbs.map(([to, text]) => (
              <Link key={to} to={to}>
                {text}
              </Link>
            ))}
          </nav>
        )}
        <h1>
          {title} {badge}
        </h1>
        {lead && <div className="rt-lead">{lead}</div>}
      </div>
      {actions && <div className="rt-head-actions">{actions}</div>}
    </div>
  );
}
