/** One of any resource: changed by who may, read by others, with what belongs to it. */
import { useQuery } from '@tanstack/react-query';
import { Button } from 'pf/Button';
import type { ComponentType } from 'react';
import { useNavigate, useOutletContext, useParams } from 'react-router';
import { storedQuery } from '@/api/queries/stored';
import type { Stored } from '@/api/types';
import { ConfirmButton } from '@/components/ConfirmButton';
import { CopyButton } from '@/components/CopyButton';
import { ErrorBox } from '@/components/ErrorBox';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import type { AdminContext } from './AdminPage';
import { Consent } from './Consent';
import type { Panel, PanelProps, Resource } from './describe';
import { changes, fieldsFor } from './fields';
import { Keys } from './Keys';
import { Links } from './Links';
import { Shown, StateLabel } from './ListPage';
import { Matching } from './Matching';
import { EditForm } from './StoredForm';
import { Subscribers } from './Subscribers';
import { useArchive, useChange, useRest } from './useActs';

const PANELS: Record<Panel, ComponentType<PanelProps>> = {
  keys: Keys,
  consent: Consent,
  matching: Matching,
  subscribers: Subscribers,
};

/** What a person may read and not change. */
function Facts({ resource, stored }: { resource: Resource; stored: Stored }) {
  const columns = resource.columns.filter(({ text, to }) => !to || text(stored) !== null);
  const extra = resource.fields.filter(({ kind }) => kind === 'json' || kind === 'note');
  return (
    <dl className="rt-facts">
      {columns.map((column) => (
        <div key={column.label}>
          <dt>{column.label}</dt>
          <dd>
            <Shown column={column} stored={stored} />
          </dd>
        </div>
      ))}
      {extra
        .filter(({ name }) => stored[name] && typeof stored[name] === 'object')
        .map(({ name, label }) => (
          <div key={name} className="rt-wide">
            <dt>{label}</dt>
            <dd>
              <pre className="rt-sample">{JSON.stringify(stored[name], null, 2)}</pre>
            </dd>
          </div>
        ))}
    </dl>
  );
}

function Actions({ resource, identity, stored }: Omit<PanelProps, 'may'>) {
  const navigate = useNavigate();
  const rest = useRest(resource);
  const archive = useArchive(resource);
  return (
    <>
      {rest.error && <ErrorBox error={rest.error} />}
      {resource.rests && resource.edits(identity, stored) && (
        <Button variant="secondary" isDisabled={rest.isPending} onClick={() => rest.rest(stored)}>
          {stored.state === 'active' ? 'Deactivate' : 'Activate'}
        </Button>
      )}
      {resource.archives(identity, stored) && (
        <ConfirmButton
          label={resource.archive.label}
          variant="link"
          danger
          question={`${resource.archive.label} “${stored.name}”?`}
          explain={resource.archive.explain}
          confirm={resource.archive.label}
          onConfirm={async () => {
            await archive(stored);
            await navigate(`/admin/${resource.noun}`, { replace: true });
          }}
        />
      )}
    </>
  );
}

function Item({ resource, identity, stored }: AdminContext & { stored: Stored }) {
  const change = useChange(resource);
  const isOurs = resource.edits(identity, stored);
  const isForm = isOurs && fieldsFor(resource, 'edit').length > 0;
  const links = (resource.links ?? []).filter(({ sees }) => sees(identity, stored));
  const panels = resource.panels ?? [];
  const isAlone = links.length + panels.length === 0;
  return (
    <>
      <PageHead
        title={stored.name}
        tab={`${stored.name}: ${resource.word}`}
        crumbs={[[`/admin/${resource.noun}`, resource.title]]}
        badge={<StateLabel stored={stored} />}
        lead={
          <>
            Made <Time at={stored.created_at} full /> · <code>{stored.id}</code>
            <CopyButton text={stored.id} label="Copy the id" />
          </>
        }
        actions={<Actions resource={resource} identity={identity} stored={stored} />}
      />
      <div className={isAlone ? 'rt-admin-alone' : 'rt-admin-item'}>
        <section className="rt-card" aria-label={`The ${resource.word}`}>
          {isForm ? (
            <EditForm
              key={stored.id}
              resource={resource}
              identity={identity}
              stored={stored}
              onSave={(over, begin, draft) =>
                change.mutateAsync({
                  stored: over,
                  body: changes(resource, begin, draft),
                  says: `Changed “${over.name}”`,
                })
              }
            />
          ) : (
            <Facts resource={resource} stored={stored} />
          )}
        </section>
        {!isAlone && (
          <div className="rt-admin-side">
            {links.map((link) => (
              <Links key={link.title} link={link} identity={identity} stored={stored} />
            ))}
            {panels.map((panel) => {
              const One = PANELS[panel];
              return <One key={panel} resource={resource} identity={identity} stored={stored} may={isOurs} />;
            })}
          </div>
        )}
      </div>
    </>
  );
}

export function ItemPage() {
  const { id = '' } = useParams();
  const { resource, identity } = useOutletContext<AdminContext>();
  const query = useQuery(storedQuery(resource, id));
  return (
    <QueryView
      query={query}
      head={
        <PageHead title={`No such ${resource.word}`} crumbs={[[`/admin/${resource.noun}`, resource.title]]} />
      }
    >
      {(stored) => <Item key={stored.id} resource={resource} identity={identity} stored={stored} />}
    </QueryView>
  );
}
