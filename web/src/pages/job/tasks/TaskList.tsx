/** Thousands of tasks: only those on the screen exist. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, useState, type CSSProperties } from 'react';
import type { Id } from '@/api/types';
import type { TaskRow } from './tasks';
import { StateHead, TaskView } from './TaskView';

const ROW_HEIGHT = 40;
const OVERSCAN = 15;

interface Props {
  rows: readonly TaskRow[];
  needle: string;
  /** The task that the address names: open, and on the screen. */
  linked: Id | null;
}

export function TaskList({ rows, needle, linked }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<Id>>(new Set(linked ? [linked] : []));
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => {
      const row = rows[index];
      if (!row) return index;
      return row.kind === 'state' ? row.state.id : row.task.file.id;
    },
    overscan: OVERSCAN,
  });

  const lastState = rows.findLast((row) => row.kind === 'state')?.state.id;
  const place = rows.findIndex((row) => row.kind === 'task' && row.task.file.id === linked);
  useEffect(() => {
    if (place < 0 || !linked) return;
    setOpen((now) => new Set([...now, linked]));
    list.scrollToIndex(place, { align: 'start' });
    // New tasks below must not pull the page back to the linked one.
  }, [linked, place >= 0]);

  const toggle = useCallback(
    (id: Id) =>
      setOpen((now) => {
        const next = new Set(now);
        if (!next.delete(id)) next.add(id);
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
      aria-label="Tasks"
      style={{ '--size': `${list.getTotalSize()}px` } as CSSProperties}
    >
      <div className="rt-list-all" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              role="listitem"
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              className="rt-list-row"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {row.kind === 'state' ? (
                <StateHead {...row} past={row.state.id !== lastState} />
              ) : (
                <TaskView
                  task={row.task}
                  needle={needle}
                  open={open.has(row.task.file.id)}
                  linked={row.task.file.id === linked}
                  onToggle={toggle}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
