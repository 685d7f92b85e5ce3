/** Administration: a tab per resource that the person may see. */
import { useQuery } from '@tanstack/react-query';
import { Navigate, NavLink, Outlet, useParams } from 'react-router';
import { identityQuery } from '@/api/queries/identity';
import type { Identity } from '@/api/types';
import { NotFoundPage } from '@/app/NotFoundPage';
import { QueryView } from '@/components/QueryView';
import { useActiveInView } from '@/components/useActiveInView';
import type { Resource } from './describe';
import { RESOURCES } from './resources';

export interface AdminContext {
  resource: Resource;
  identity: Identity;
}

export const AdminStart = () => <Navigate to="/admin/teams" replace />;

export function AdminPage() {
  return (
    <QueryView query={useQuery(identityQuery)}>
      {(identity) => <Tabs identity={identity} />}
    </QueryView>
  );
}

function Tabs({ identity }: { identity: Identity }) {
  const { noun } = useParams();
  const bar = useActiveInView();
  const seen = RESOURCES.filter(({ sees }) => sees(identity));
  const resource = seen.find((one) => one.noun === noun);
  return (
    <>
      <nav className="rt-tabs rt-admin-tabs" aria-label="What to administer" ref={bar}>
        {seen.map((one) => (
          <NavLink key={one.noun} to={`/admin/${one.noun}`}>
            {one.title}
          </NavLink>
        ))}
      </nav>
      {resource ? (
        <Outlet key={resource.noun} context={{ resource, identity } satisfies AdminContext} />
      ) : (
        <NotFoundPage />
      )}
    </>
  );
}
