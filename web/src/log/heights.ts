/** Where each row of a log stands, counted in pixels from its first row. Pure. */
import type { RowModel } from './rows';

export const LINE_HEIGHT = 20;
export const HEAD_HEIGHT = 34;

/**
 * Heights of rows without a list of all rows: what every row is by itself is arithmetic,
 * and only wrapped lines, which are measured when they are seen, are remembered.
 */
export class Heights {
  /** Rows that are higher than one line, ascending, and by how much. */
  private readonly rows: number[] = [];
  private readonly extras: number[] = [];
  /** `sums[n]` is the sum of the first n extras. */
  private sums: number[] = [0];

  constructor(private readonly model: RowModel) {}

  get total(): number {
    return this.top(this.model.count);
  }

  top(row: number): number {
    const heads = this.model.headsBefore(row) * (HEAD_HEIGHT - LINE_HEIGHT);
    return row * LINE_HEIGHT + heads + (this.sums[this.place(row)] ?? 0);
  }

  height(row: number): number {
    return this.top(row + 1) - this.top(row);
  }

  /** The row at this many pixels from the top; the last one when it is beyond. */
  at(offset: number): number {
    let low = 0;
    let high = Math.max(0, this.model.count - 1);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.top(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Tells how high a row is on the screen; answers by how much that is more than was thought. */
  measure(row: number, height: number): number {
    const by = height - this.height(row);
    if (by === 0) return 0;
    const place = this.place(row);
    if (this.rows[place] === row) {
      this.extras[place] = (this.extras[place] ?? 0) + by;
    } else {
      this.rows.splice(place, 0, row);
      this.extras.splice(place, 0, by);
    }
    this.sums.length = place + 1;
    for (let at = place; at < this.extras.length; at += 1) {
      this.sums.push((this.sums[at] ?? 0) + (this.extras[at] ?? 0));
    }
    return by;
  }

  /** How many of the remembered rows come before this one. */
  private place(row: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] ?? 0) < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
