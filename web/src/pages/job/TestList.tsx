/** Test cases, however many: only rows on the screen exist, only their pages are loaded. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, useState, type CSSProperties } from 'react';
import type { Id } from '@/api/types';
import { TestRow } from './TestRow';
import type { TestPages } from './useTestPages';

const ROW_HEIGHT = 40;
const OVERSCAN = 15;

interface Props {
  jobId: Id;
  topic: Id;
  pages: TestPages;
  needle: string;
  onVisible: (range: readonly [number, number]) => void;
}

export function TestList({ jobId, topic, pages, needle, onVisible }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const rows = useVirtualizer({
    count: pages.count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onVisible([first, last]), [first, last, onVisible]);

  const toggle = useCallback(
    (index: number) =>
      setOpen((now) => {
        const next = new Set(now);
        if (!next.delete(index)) next.add(index);
        return next;
      }),
    [],
  );

  return (
    <div
      ref={box}
      className="rt-list"
      tabIndex={0}
      role="list"
      aria-label="Test cases"
      style={{ '--size': `${rows.getTotalSize()}px` } as CSSProperties}
    >
      <div className="rt-list-all" style={{ height: rows.getTotalSize() }}>
        {items.map((item) => (
          <div
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            role="listitem"
            aria-setsize={pages.count}
            aria-posinset={item.index + 1}
            className="rt-list-row"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <TestRow
              test={pages.at(item.index)}
              jobId={jobId}
              topic={topic}
              needle={needle}
              open={open.has(item.index)}
              index={item.index}
              onToggle={toggle}
            />
          </div>
        ))}
      </div>
    </div>
  );
}
