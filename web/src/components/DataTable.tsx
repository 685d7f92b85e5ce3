/** PatternFly's table as plain markup: a real table that folds into cards on a narrow screen. */
import '@patternfly/react-styles/css/components/Table/table.css';
import '@patternfly/react-styles/css/components/Table/table-grid.css';
import type { ReactNode } from 'react';

interface Props {
  label: string;
  columns: readonly string[];
  children: ReactNode;
  busy?: boolean;
}

export function DataTable({ label, columns, children, busy }: Props) {
  return (
    <div className="rt-table-box">
    <table
      className="pf-v6-c-table pf-m-grid-md pf-m-compact rt-table"
      aria-label={label}
      aria-busy={busy}
    >
      <thead className="pf-v6-c-table__thead">
        <tr className="pf-v6-c-table__tr">
          {columns.map((column, at) => (
            <th key={at} scope="col" className="pf-v6-c-table__th">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="pf-v6-c-table__tbody">{children}</tbody>
    </table>
    </div>
  );
}

/** A row; `onOpen` makes Enter and a click on its empty parts open what it stands for. */
export function Row({
  children,
  id,
  onOpen,
  className = '',
}: {
  children: ReactNode;
  id?: string;
  onOpen?: () => void;
  className?: string;
}) {
  const opens = onOpen !== undefined;
  return (
    <tr
      id={id}
      className={`pf-v6-c-table__tr ${opens ? 'pf-m-clickable' : ''} ${className}`}
      data-row
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.();
      }}
      onClick={(event) => {
        const inner = (event.target as HTMLElement).closest('a, button, input, select');
        const selecting = window.getSelection()?.toString();
        if (!inner && !selecting) onOpen?.();
      }}
    >
      {children}
    </tr>
  );
}

export function Cell({ label, children }: { label: string; children: ReactNode }) {
  return (
    <td className="pf-v6-c-table__td" data-label={label}>
      {children}
    </td>
  );
}

/** What stands below a table: the files that it can be had as. */
export function TableFoot({ children }: { children: ReactNode }) {
  return <div className="rt-table-foot">{children}</div>;
}
