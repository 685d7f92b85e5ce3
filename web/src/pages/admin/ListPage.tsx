/** Every list of administration: found by name and filters, sorted, as a file, changed in place. */
import { useQuery } from '@tanstack/react-query';
import CogIcon from 'icons/cog-icon';
import PlusIcon from 'icons/plus-icon';
import { Button } from 'pf/Button';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { Label } from 'pf/Label';
import { Link, useNavigate, useOutletContext } from 'react-router';
import { storedListQuery } from '@/api/queries/stored';
import type { Identity, Stored } from '@/api/types';
import { Exports } from '@/charts/Exports';
import { Cell, Row, TableFoot } from '@/components/DataTable';
import { ErrorBox } from '@/components/ErrorBox';
import { PageHead } from '@/components/PageHead';
import { Pager } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { Time } from '@/components/Time';
import { useAddress } from '@/components/useAddress';
import { plural } from '@/format/size';
import type { AdminContext } from './AdminPage';
import type { Column, Resource } from './describe';
import { isFiltered, STATES, toStoredParams } from './list';
import { RefPicker } from './RefPicker';
import { SortTable } from './SortTable';
import { useRest } from './useActs';

function Filters({ resource }: { resource: Resource }) {
  const { get, set } = useAddress();
  return (
    <div className="rt-filters" role="search" aria-label={`Filter ${resource.title.toLowerCase()}`}>
      <SearchField param="q" label="Name contains" />
      {resource.rests && (
        <FormSelect
          aria-label="State"
          className="rt-select"
          value={get('state')}
          onChange={(_, state) => set({ state }, { step: true })}
        >
          <FormSelectOption value="" label="State: any" />
          {STATES.map(([state, label]) => (
            <FormSelectOption key={state} value={state} label={`State: ${label}`} />
          ))}
        </FormSelect>
      )}
      {(resource.filters ?? []).map(({ column, label, to }) => (
        <span key={column} className="rt-select rt-admin-pick">
          <RefPicker
            id={`filter-${column}`}
            label={label}
            to={to}
            value={get(column)}
            none={`${label}: any`}
            onChange={(id) => set({ [column]: id }, { step: true })}
          />
        </span>
      ))}
    </div>
  );
}

export function Shown({ column, stored }: { column: Column; stored: Stored }) {
  const said = column.text(stored);
  const to = said === null ? null : (column.to?.(stored) ?? null);
  if (said === null) return <span className="rt-muted">–</span>;
  const shown = column.kind === 'time' ? <Time at={said} /> : column.kind === 'mono' ? <code>{said}</code> : said;
  return to ? <Link to={to}>{shown}</Link> : shown;
}

export function StateLabel({ stored }: { stored: Stored }) {
  if (!stored.state || stored.state === 'active') return null;
  return <Label isCompact>{STATES.find(([state]) => state === stored.state)?.[1] ?? stored.state}</Label>;
}

interface RowProps {
  resource: Resource;
  identity: Identity;
  stored: Stored;
  onRest: (stored: Stored) => void;
  busy: boolean;
}

function StoredRow({ resource, identity, stored, onRest, busy }: RowProps) {
  const navigate = useNavigate();
  const home = `/admin/${resource.noun}/${stored.id}`;
  const mayRest = resource.rests && resource.edits(identity, stored);
  return (
    <Row id={stored.id} onOpen={() => void navigate(home)}>
      <Cell label="Name">
        <Link to={home}>{stored.name}</Link> <StateLabel stored={stored} />
      </Cell>
      {resource.columns.map((column) => (
        <Cell key={column.label} label={column.label}>
          <Shown column={column} stored={stored} />
        </Cell>
      ))}
      {resource.rests && (
        <Cell label="Actions">
          {mayRest && (
            <Button
              variant="link"
              isInline
              isDisabled={busy}
              aria-label={`${stored.state === 'active' ? 'Deactivate' : 'Activate'} ${stored.name}`}
              onClick={() => onRest(stored)}
            >
              {stored.state === 'active' ? 'Deactivate' : 'Activate'}
            </Button>
          )}
        </Cell>
      )}
    </Row>
  );
}

function Table({ resource, identity, items }: AdminContext & { items: Stored[] }) {
  const rest = useRest(resource);
  const mayRest = resource.rests && items.some((stored) => resource.edits(identity, stored));
  const shown = mayRest ? resource : { ...resource, rests: false };
  return (
    <>
      {rest.error && <ErrorBox error={rest.error} />}
      <SortTable resource={shown}>
        {items.map((stored) => (
          <StoredRow
            key={stored.id}
            resource={shown}
            identity={identity}
            stored={stored}
            onRest={rest.rest}
            busy={rest.isPending}
          />
        ))}
      </SortTable>
      <TableFoot>
        <Exports
          name={resource.title}
          json={items}
          columns={() => [
            { name: 'name', values: items.map(({ name }) => name) },
            { name: 'state', values: items.map(({ state }) => state ?? null) },
            ...resource.columns.map(({ label, text }) => ({
              name: label.toLowerCase(),
              values: items.map((stored) => text(stored)),
            })),
            { name: 'id', values: items.map(({ id }) => id) },
          ]}
        />
      </TableFoot>
    </>
  );
}

export function ListPage() {
  const { resource, identity } = useOutletContext<AdminContext>();
  const { params, get, change } = useAddress();
  const query = useQuery(storedListQuery(resource, toStoredParams(resource, params)));
  const filtered = isFiltered(resource, params);
  const given = new URLSearchParams();
  for (const { column } of resource.filters ?? []) if (get(column)) given.set(column, get(column));
  const may = resource.creates(identity);
  return (
    <>
      <PageHead
        title={resource.title}
        tab={`${resource.title}: administration`}
        lead={query.data ? plural(query.data.count, resource.word) : undefined}
        actions={
          may && (
            <Button
              icon={<PlusIcon />}
              component={(props: object) => <Link {...props} to={`/admin/${resource.noun}/new?${given.toString()}`} />}
            >
              New {resource.word}
            </Button>
          )
        }
      />
      <Filters resource={resource} />
      <QueryView query={query} loading={<Bars count={6} />}>
        {({ items, count }) => {
          if (items.length > 0) {
            return (
              <>
                <Table resource={resource} identity={identity} items={items} />
                <Pager count={count} />
              </>
            );
          }
          return filtered ? (
            <Teach title={`No ${resource.word} fits`} icon={CogIcon}>
              <Button variant="link" isInline onClick={() => change(() => new URLSearchParams(), { step: true })}>
                Clear all filters
              </Button>
            </Teach>
          ) : (
            <Teach title={`No ${resource.word} yet`} icon={CogIcon} commands={may ? resource.commands : []}>
              {resource.explain} {!may && 'Administrators make them.'}
            </Teach>
          );
        }}
      </QueryView>
    </>
  );
}
