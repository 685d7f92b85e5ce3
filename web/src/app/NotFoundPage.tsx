import { EmptyState, EmptyStateBody, EmptyStateFooter } from 'pf/EmptyState';
import { Link } from 'react-router';

export function NotFoundPage() {
  return (
    <EmptyState titleText="No such page" headingLevel="h1">
      <EmptyStateBody>The address may be mistyped, or what it named is gone.</EmptyStateBody>
      <EmptyStateFooter>
        <Link to="/products">All products</Link>
      </EmptyStateFooter>
    </EmptyState>
  );
}
