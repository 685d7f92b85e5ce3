/** What is different between two sides: leads to the comparison, test by test. */
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Id } from '@/api/types';

interface Props {
  topic: Id;
  /** As the API names a side: `job:<id>`, `component:<id>`, `lab:<id>`, `dates:<from>..<to>`. */
  left: string;
  right: string;
  category?: string;
  children: ReactNode;
}

export function CompareLink({ topic, left, right, category, children }: Props) {
  const search = new URLSearchParams({ left, right, ...(category && { category }) });
  return (
    <Link className="rt-nowrap" to={`/answers/${topic}/compare?${search.toString()}`}>
      {children}
    </Link>
  );
}
