import { EmptyState, EmptyStateBody, EmptyStateFooter } from 'pf/EmptyState';
import { Link, Navigate, useLocation } from 'react-router';
import { useTitle } from '@/components/PageHead';
import { newAddress } from './oldAddresses';

export function NotFoundPage() {
  const { pathname, search } = useLocation();
  useTitle('No such page');
  const moved = newAddress(pathname, search);
  if (moved) return <Navigate to={moved} replace />;
  return (
    <EmptyState titleText="No such page" headingLevel="h1">
      <EmptyStateBody>The address may be mistyped, or what it named is gone.</EmptyStateBody>
      <EmptyStateFooter>
        <Link to="/products">All products</Link>
      </EmptyStateFooter>
    </EmptyState>
  );
}
