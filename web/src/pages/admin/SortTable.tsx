/** A table whose heads sort it; the order is in the address. */
import '@patternfly/react-styles/css/components/Table/table.css';
import '@patternfly/react-styles/css/components/Table/table-grid.css';
import type { ReactNode } from 'react';
import { useAddress } from '@/components/useAddress';
import type { Resource } from './describe';
import { nextSort, sortOf } from './list';

const ORDERS = { ascending: '▲', descending: '▼' } as const;

function Head({ resource, label, sort }: { resource: Resource; label: string; sort?: string }) {
  const { params, set } = useAddress();
  const now = sortOf(resource, params);
  const order = now === sort ? 'ascending' : now === `-${sort}` ? 'descending' : undefined;
  return (
    <th scope="col" className="pf-v6-c-table__th" aria-sort={order}>
      {sort ? (
        <button
          type="button"
          className="rt-filtering rt-strong"
          onClick={() => {
            const next = nextSort(now, sort);
            set({ sort: next === 'name' ? '' : next }, { step: true });
          }}
        >
          {label} <span aria-hidden="true">{order ? ORDERS[order] : ''}</span>
        </button>
      ) : (
        label
      )}
    </th>
  );
}

export function SortTable({ resource, children }: { resource: Resource; children: ReactNode }) {
  return (
    <div className="rt-table-box">
      <table className="pf-v6-c-table pf-m-grid-md pf-m-compact rt-table" aria-label={resource.title}>
        <thead className="pf-v6-c-table__thead">
          <tr className="pf-v6-c-table__tr">
            <Head resource={resource} label="Name" sort="name" />
            {resource.columns.map(({ label, sort }) => (
              <Head key={label} resource={resource} label={label} sort={sort} />
            ))}
            {resource.rests && <Head resource={resource} label="" />}
          </tr>
        </thead>
        <tbody className="pf-v6-c-table__tbody">{children}</tbody>
      </table>
    </div>
  );
}
