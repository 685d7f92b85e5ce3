/** What a page shows, as a file: CSV of columns, JSON of whatever the server said. */

export interface Column {
  name: string;
  values: readonly (string | number | null | undefined)[];
}

function field(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value);
  // A sheet would run what begins like a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Columns of equal length as RFC 4180. */
export function csvOf(columns: readonly Column[]): string {
  const rows = columns[0]?.values.length ?? 0;
  const lines = [columns.map(({ name }) => field(name)).join(',')];
  for (let at = 0; at < rows; at += 1) {
    lines.push(columns.map(({ values }) => field(values[at])).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Let the browser keep it as a file. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.-]+/g, '-').toLowerCase();
  link.click();
  URL.revokeObjectURL(link.href);
}
