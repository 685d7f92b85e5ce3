/** Makes one of any resource; an address may begin it, as `/admin/topics/new?product_id=…`. */
import { useMutation } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import { useState } from 'react';
import { Link, Navigate, useNavigate, useOutletContext } from 'react-router';
import { archiveStored, createStored } from '@/api/queries/stored';
import type { Stored } from '@/api/types';
import { useNotice } from '@/components/Notices';
import { PageHead } from '@/components/PageHead';
import { useAddress } from '@/components/useAddress';
import type { AdminContext } from './AdminPage';
import type { Draft } from './describe';
import { creation } from './fields';
import { Once } from './Once';
import { NewForm } from './StoredForm';
import { useRenew } from './useActs';

export function CreatePage() {
  const { resource, identity } = useOutletContext<AdminContext>();
  const { params } = useAddress();
  const navigate = useNavigate();
  const renew = useRenew();
  const tell = useNotice();
  const [made, setMade] = useState<Stored | null>(null);
  const home = `/admin/${resource.noun}`;
  const make = useMutation({
    mutationFn: (draft: Draft) => createStored(resource, creation(resource, draft, Date.now())),
    onSuccess: async (stored) => {
      const secret = resource.secret && stored[resource.secret];
      if (resource.archives(identity, stored)) {
        const undo = async () => {
          await archiveStored(resource, stored);
          await navigate(home);
          await renew();
        };
        tell({ text: `Created “${stored.name}”`, undo });
      }
      await renew();
      if (secret) setMade(stored);
      else await navigate(`${home}/${stored.id}`, { replace: true });
    },
  });
  if (!resource.creates(identity)) return <Navigate to={home} replace />;
  const secret = made && resource.secret ? String(made[resource.secret]) : null;
  return (
    <>
      <PageHead
        title={made ? made.name : `New ${resource.word}`}
        crumbs={[[home, resource.title]]}
        lead={made ? undefined : resource.explain}
      />
      {made && secret ? (
        <div className="rt-admin-page">
          <Once resource={resource} stored={made} secret={secret} />
          <p>
            <Button component={(props: object) => <Link {...props} to={`${home}/${made.id}`} replace />}>
              I have it: go on to {made.name}
            </Button>
          </p>
        </div>
      ) : (
        <div className="rt-card rt-admin-page">
          <NewForm
            resource={resource}
            identity={identity}
            asked={params}
            onMake={make.mutate}
            isPending={make.isPending}
            error={make.error}
          />
        </div>
      )}
    </>
  );
}
