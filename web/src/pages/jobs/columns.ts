/** Which columns the jobs table shows; kept in this browser. */
import { useState } from 'react';

export const COLUMNS = [
  { id: 'lab', label: 'Lab', shown: true },
  { id: 'topic', label: 'Topic', shown: true },
  { id: 'components', label: 'Components', shown: true },
  { id: 'tests', label: 'Tests', shown: true },
  { id: 'tags', label: 'Tags', shown: false },
  { id: 'team', label: 'Team', shown: false },
  { id: 'attempt', label: 'Attempt', shown: false },
  { id: 'configuration', label: 'Configuration', shown: false },
  { id: 'duration', label: 'Duration', shown: true },
  { id: 'created', label: 'Created', shown: true },
] as const;

export type ColumnId = (typeof COLUMNS)[number]['id'];

const STORED = 'ringtest.jobs.columns.1';
const DEFAULT = COLUMNS.filter((column) => column.shown).map((column) => column.id);

/** Stored names that exist no more are dropped; nothing usable means the default. */
export function readColumns(stored: string | null): ColumnId[] {
  if (stored === null) return [...DEFAULT];
  const names = stored.split(',');
  return COLUMNS.filter((column) => names.includes(column.id)).map((column) => column.id);
}

function load(): ColumnId[] {
  try {
    return readColumns(localStorage.getItem(STORED));
  } catch {
    return [...DEFAULT];
  }
}

export function useColumns(): [readonly ColumnId[], (id: ColumnId, shown: boolean) => void] {
  const [columns, setColumns] = useState(load);
  const choose = (id: ColumnId, shown: boolean) => {
    const wanted = shown ? [...columns, id] : columns.filter((other) => other !== id);
    const next = readColumns(wanted.join(','));
    setColumns(next);
    try {
      localStorage.setItem(STORED, next.join(','));
    } catch {
      /* the choice lasts until the next load */
    }
  };
  return [columns, choose];
}
