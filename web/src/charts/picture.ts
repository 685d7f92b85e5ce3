/** A table as a picture, for slides and chats, in the colours of the page. */
import { resolved } from './colours';
import type { Column } from './export';

const MOST_ROWS = 60;
const MOST_LETTERS = 48;
const PAD = 12;
const LINE = 26;
const FONT = '14px sans-serif';

/** The head and the rows as text: long texts are cut, what is left out is counted. Pure. */
export function rowsOf(columns: readonly Column[]): { rows: string[][]; left: number } {
  const all = columns[0]?.values.length ?? 0;
  const short = (value: string | number | null | undefined) => {
    const text = value === null || value === undefined ? '–' : String(value);
    return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text;
  };
  const rows = Array.from({ length: Math.min(all, MOST_ROWS) }, (_, at) =>
    columns.map(({ values }) => short(values[at])),
  );
  return { rows: [columns.map(({ name }) => name), ...rows], left: all - rows.length };
}

/** Null where the browser draws nothing. */
export async function pictureOf(title: string, columns: readonly Column[]): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  if (!pen) return null;
  const { rows, left } = rowsOf(columns);
  pen.font = FONT;
  const widths = columns.map((_, column) =>
    Math.max(...rows.map((row) => pen.measureText(row[column] ?? '').width + 2 * PAD)),
  );
  const width = Math.max(
    widths.reduce((sum, one) => sum + one, 0),
    pen.measureText(title).width * 1.3,
  );
  const scale = Math.max(1, window.devicePixelRatio);
  canvas.width = Math.ceil((width + 2 * PAD) * scale);
  canvas.height = Math.ceil(((rows.length + 1 + (left > 0 ? 1 : 0)) * LINE + 3 * PAD) * scale);
  pen.scale(scale, scale);
  pen.fillStyle = resolved('--rt-surface');
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = 'middle';
  let y = PAD + LINE / 2;
  const write = (text: string, x: number, bold: boolean) => {
    pen.fillStyle = resolved('--rt-text');
    pen.font = bold ? `bold ${FONT}` : FONT;
    pen.fillText(text, x, y);
  };
  write(title, PAD, true);
  for (const [at, row] of rows.entries()) {
    y += LINE;
    let x = PAD;
    for (const [column, text] of row.entries()) {
      write(text, x, at === 0);
      x += widths[column] ?? 0;
    }
    pen.fillStyle = resolved('--rt-line');
    pen.fillRect(PAD, y + LINE / 2 - 1, width, 1);
  }
  y += LINE;
  if (left > 0) write(`and ${left} more`, PAD, false);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}
