/** The visible part of a log: only the rows on the screen exist. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type CSSProperties, type MouseEvent } from 'react';
import { LogRow } from './LogRow';
import type { LineRange } from './lineLink';
import type { LogStore } from './LogStore';
import type { RowModel, Section } from './rows';

const LINE_HEIGHT = 20;
const HEAD_HEIGHT = 34;
const OVERSCAN = 30;
const END_SLACK = 40;

export interface Target {
  line: number;
  /** A new object with the same line scrolls again. */
  at: number;
}

interface Props {
  store: LogStore;
  model: RowModel;
  folded: ReadonlySet<string>;
  needle: string;
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
  const lastTop = useRef(0);
  const rows = useVirtualizer({
    count: model.count,
    getScrollElement: () => box.current,
    estimateSize: (index) => (model.row(index)?.kind === 'head' ? HEAD_HEIGHT : LINE_HEIGHT),
    overscan: OVERSCAN,
  });
  const items = rows.getVirtualItems();

  // Ask for the lines that are on the screen.
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    const lines = [model.row(first), model.row(last)].map((row) =>
      row?.kind === 'head' ? row.section.from : row?.line,
    );
    if (lines[0] !== undefined && lines[1] !== undefined) store.need(lines[0], lines[1]);
  }, [store, model, first, last, store.version]);

  useEffect(() => {
    if (follow && model.count > 0) rows.scrollToIndex(model.count - 1, { align: 'end' });
  }, [follow, model.count, rows]);

  const done = useRef<Target | null>(null);
  useEffect(() => {
    if (!target || done.current === target || target.line >= store.total) return;
    // The stage is about to be unfolded: there will be another model.
    if (folded.has(model.sectionOf(target.line)?.key ?? '')) return;
    done.current = target;
    rows.scrollToIndex(model.indexOf(target.line), { align: 'center' });
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [target, model, folded, rows, store.total]);

  useEffect(() => rows.measure(), [wrap, model, rows]);

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const { scrollTop, clientHeight, scrollHeight } = element;
    const atEnd = scrollTop + clientHeight >= scrollHeight - END_SLACK;
    if (follow && scrollTop < lastTop.current - 2 && !atEnd) onFollow(false);
    lastTop.current = scrollTop;
  };

  return (
    <div
      ref={box}
      className={wrap ? 'rt-log rt-log-wrap' : 'rt-log'}
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      onScroll={onScroll}
      style={{ '--size': `${rows.getTotalSize()}px` } as CSSProperties}
    >
      <div className="rt-log-all" style={{ height: rows.getTotalSize() }}>
        {items.map((item) => {
          const row = model.row(item.index);
          if (!row) return null;
          return (
            <LogRow
              key={item.key}
              index={item.index}
              top={item.start}
              row={row}
              measure={wrap ? rows.measureElement : undefined}
              spans={row.kind === 'line' ? store.spans(row.line) : undefined}
              folded={row.kind === 'head' && folded.has(row.section.key)}
              needle={props.needle}
              isCurrent={row.kind === 'line' && row.line === props.current}
              isNamed={row.kind === 'line' && inRange(row.line, props.range)}
              onFold={props.onFold}
              onLine={(line: number, event: MouseEvent) => {
                event.preventDefault();
                props.onLine(line, event.shiftKey);
              }}
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
