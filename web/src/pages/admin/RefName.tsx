/** The name of what an id stands for, with the way to it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { storedQuery } from '@/api/queries/stored';
import type { Id } from '@/api/types';
import type { Noun } from './describe';
import { resourceOf } from './resources';

export function RefName({ to, id }: { to: Noun; id: Id }) {
  const found = useQuery(storedQuery(resourceOf(to), id)).data;
  return <Link to={`/admin/${to}/${id}`}>{found?.name ?? id.slice(0, 8)}</Link>;
}
