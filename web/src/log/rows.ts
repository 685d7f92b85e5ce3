/** A log as the screen shows it: a heading per stage, lines below, folded stages shut. Pure. */
import type { Stage, StageName, StageStatus } from '@/api/types';

export interface Section {
  key: string;
  name: StageName | 'start';
  status: StageStatus | null;
  from: number;
  /** Exclusive. */
  to: number;
}

export type Row = { kind: 'head'; section: Section } | { kind: 'line'; line: number };

/** Sections of a log of `total` lines, in order; stages without lines are left out. */
export function sectionsOf(stages: readonly Stage[], total: number): Section[] {
  const begun = stages
    .filter((stage) => stage.first_line !== null)
    .map((stage) => ({ ...stage, first: Math.min(stage.first_line ?? 0, total) }))
    .sort((a, b) => a.first - b.first);
  const sections: Section[] = [];
  const firstLine = begun[0]?.first ?? total;
  if (firstLine > 0) {
    sections.push({ key: 'start', name: 'start', status: null, from: 0, to: firstLine });
  }
  begun.forEach((stage, at) => {
    const to = begun[at + 1]?.first ?? total;
    const { name, status, first } = stage;
    if (to > first || status === 'running') {
      sections.push({ key: name, name, status, from: first, to });
    }
  });
  return sections;
}

/** Rows ↔ lines, without a list of all rows: a log may have millions. */
export class RowModel {
  readonly count: number;
  private readonly starts: number[] = [];

  constructor(
    readonly sections: readonly Section[],
    private readonly folded: ReadonlySet<string>,
  ) {
    let row = 0;
    for (const section of sections) {
      this.starts.push(row);
      row += this.heads + this.linesOf(section);
    }
    this.count = row;
  }

  /** A log without stages needs no headings. */
  private get heads(): 0 | 1 {
    return this.sections.length === 1 && this.sections[0]?.name === 'start' ? 0 : 1;
  }

  private linesOf(section: Section): number {
    return this.folded.has(section.key) ? 0 : section.to - section.from;
  }

  row(index: number): Row | undefined {
    let at = this.starts.length - 1;
    while (at >= 0 && (this.starts[at] ?? 0) > index) at -= 1;
    const section = this.sections[at];
    const start = this.starts[at];
    if (!section || start === undefined) return undefined;
    if (this.heads === 1 && index === start) return { kind: 'head', section };
    return { kind: 'line', line: section.from + index - start - this.heads };
  }

  /** How many of the rows before this one are headings. */
  headsBefore(index: number): number {
    if (this.heads === 0) return 0;
    let at = this.starts.length;
    while (at > 0 && (this.starts[at - 1] ?? 0) >= index) at -= 1;
    return at;
  }

  sectionOf(line: number): Section | undefined {
    return this.sections.find((section) => line >= section.from && line < section.to);
  }

  /** Where a line stands; its section's heading when that is folded. */
  indexOf(line: number): number {
    const at = this.sections.findIndex((section) => line >= section.from && line < section.to);
    const section = this.sections[at];
    const start = this.starts[at];
    if (!section || start === undefined) return Math.max(0, this.count - 1);
    return this.folded.has(section.key) ? start : start + this.heads + line - section.from;
  }
}
