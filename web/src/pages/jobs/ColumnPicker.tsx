import ColumnsIcon from 'icons/columns-icon';
import { Checkbox } from 'pf/Checkbox';
import { useRef, type FocusEvent, type KeyboardEvent } from 'react';
import { COLUMNS, type ColumnId } from './columns';

interface Props {
  columns: readonly ColumnId[];
  onChoose: (id: ColumnId, shown: boolean) => void;
}

/** Closes when the focus leaves it, or on Escape. */
export function ColumnPicker({ columns, onChoose }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (menu.current) menu.current.open = false;
  };
  const onBlur = (event: FocusEvent) => {
    if (!menu.current?.contains(event.relatedTarget)) close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    close();
    menu.current?.querySelector('summary')?.focus();
  };
  return (
    <details className="rt-menu" ref={menu} onBlur={onBlur} onKeyDown={onKeyDown}>
      <summary className="pf-v6-c-button pf-m-secondary">
        <ColumnsIcon /> Columns
      </summary>
      {/* Focusable, so that a click between two boxes does not close the menu. */}
      <div className="rt-menu-box" tabIndex={-1}>
        {COLUMNS.map((column) => (
          <Checkbox
            key={column.id}
            id={`column-${column.id}`}
            label={column.label}
            isChecked={columns.includes(column.id)}
            onChange={(_, shown) => onChoose(column.id, shown)}
          />
        ))}
      </div>
    </details>
  );
}
