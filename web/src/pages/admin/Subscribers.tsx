/** Who gets mail when a job of a lab fails. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { linkedQuery } from '@/api/queries/stored';
import { QueryView } from '@/components/QueryView';
import type { PanelProps } from './describe';

export function Subscribers({ stored, may }: PanelProps) {
  const query = useQuery({ ...linkedQuery(`/remotecis/${stored.id}/users`, 'users'), enabled: may });
  if (!may) return null;
  return (
    <section className="rt-card" aria-labelledby="subscribers">
      <h2 id="subscribers">Mail of failed jobs</h2>
      <p className="rt-muted rt-small">
        People choose for themselves, on their <Link to="/account">account</Link>.
      </p>
      <QueryView query={query}>
        {(people) => (
          <p>{people.length === 0 ? 'Nobody gets any.' : people.map(({ name }) => name).join(', ')}</p>
        )}
      </QueryView>
    </section>
  );
}
