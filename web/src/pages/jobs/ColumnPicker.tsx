import ColumnsIcon from 'icons/columns-icon';
import { Checkbox } from 'pf/Checkbox';
import { COLUMNS, type ColumnId } from './columns';

interface Props {
  columns: readonly ColumnId[];
  onChoose: (id: ColumnId, shown: boolean) => void;
}

export function ColumnPicker({ columns, onChoose }: Props) {
  return (
    <details className="rt-menu">
      <summary className="pf-v6-c-button pf-m-secondary">
        <ColumnsIcon /> Columns
      </summary>
      <div className="rt-menu-box">
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
