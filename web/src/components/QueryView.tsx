/** Loading, error and data of a query, the same way on every page. */
import type { UseQueryResult } from '@tanstack/react-query';
import { Skeleton } from 'pf/Skeleton';
import type { ReactNode } from 'react';
import { ErrorBox } from './ErrorBox';

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  /** Shown until the first answer; a few grey bars by default. */
  loading?: ReactNode;
  /** Of a whole page: its head, for when what it is about cannot be shown. */
  head?: ReactNode;
}

export function QueryView<T>({ query, children, loading, head }: Props<T>) {
  const retry = () => void query.refetch();
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <ErrorBox error={query.error} onRetry={retry} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) {
    return (
      <>
        {head}
        <ErrorBox error={query.error} onRetry={retry} />
      </>
    );
  }
  return loading ?? <Bars count={5} />;
}

export function Bars({ count, height = '2.25rem' }: { count: number; height?: string }) {
  return (
    <div className="rt-bars" aria-busy="true" aria-label="Loading">
      {Array.from({ length: count }, (_, at) => (
        <Skeleton key={at} height={height} width={`${96 - ((at * 13) % 30)}%`} />
      ))}
    </div>
  );
}
