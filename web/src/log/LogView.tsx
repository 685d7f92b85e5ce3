/** The visible part of a log: only the rows on the screen exist. */
import { useCallback, useEffect, useRef, type CSSProperties, type MouseEvent } from 'react';
import { LogRow } from './LogRow';
import type { LineRange } from './lineLink';
import type { LogStore } from './LogStore';
import type { Matcher } from './matcher';
import type { RowModel, Section } from './rows';
import { useRows } from './useRows';

export interface Target {
  line: number;
  /** A new object with the same line scrolls again. */
  at: number;
}

interface Props {
  store: LogStore;
  model: RowModel;
  folded: ReadonlySet<string>;
  matcher: Matcher | null;
  current: number | null;
  range: LineRange | null;
  target: Target | null;
  follow: boolean;
  wrap: boolean;
  onFollow: (follow: boolean) => void;
  onFold: (section: Section) => void;
  onLine: (line: number, extend: boolean) => void;
}

export function LogView(props: Props) {
  const { store, model, folded, target, follow, wrap, onFollow } = props;
  const box = useRef<HTMLDivElement>(null);
  const rows = useRows(box, model, wrap, (by, atEnd) => {
    if (follow && by < -2 && !atEnd) onFollow(false);
  });
  const { first, last, showRow, showEnd } = rows;

  // Ask for the lines that are on the screen.
  useEffect(() => {
    const lines = [model.row(first), model.row(last)].map((row) =>
      row?.kind === 'head' ? row.section.from : row?.line,
    );
    if (lines[0] !== undefined && lines[1] !== undefined) store.need(lines[0], lines[1]);
  }, [store, model, first, last, store.version]);

  useEffect(() => {
    if (follow) showEnd();
  }, [follow, model.count, showEnd]);

  const done = useRef<Target | null>(null);
  useEffect(() => {
    if (!target || done.current === target || target.line >= store.total) return;
    // The stage is about to be unfolded: there will be another model.
    if (folded.has(model.sectionOf(target.line)?.key ?? '')) return;
    done.current = target;
    showRow(model.indexOf(target.line));
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [target, model, folded, showRow, store.total]);

  const latest = useRef(props);
  latest.current = props;
  const onFold = useCallback((section: Section) => latest.current.onFold(section), []);
  const onLine = useCallback((line: number, event: MouseEvent) => {
    event.preventDefault();
    latest.current.onLine(line, event.shiftKey);
  }, []);

  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return (
    <div
      ref={box}
      className={wrap ? 'rt-log rt-log-wrap' : 'rt-log'}
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      data-height={rows.height}
      style={{ '--size': `${rows.height}px` } as CSSProperties}
    >
      <div className="rt-log-all" style={{ height: rows.height }}>
        {shown.map((index) => {
          const row = model.row(index);
          if (!row) return null;
          return (
            <LogRow
              key={index}
              index={index}
              top={rows.top(index)}
              section={row.kind === 'head' ? row.section : null}
              line={row.kind === 'line' ? row.line : -1}
              spans={row.kind === 'line' ? store.spans(row.line) : undefined}
              folded={row.kind === 'head' && folded.has(row.section.key)}
              matcher={props.matcher}
              isCurrent={row.kind === 'line' && row.line === props.current}
              isNamed={row.kind === 'line' && inRange(row.line, props.range)}
              onFold={onFold}
              onLine={onLine}
            />
          );
        })}
      </div>
    </div>
  );
}

function inRange(line: number, range: LineRange | null): boolean {
  return range !== null && line >= range.first && line <= range.last;
}
