/** Which rows of a log are on the screen, and where: ties heights and scrolling to an element. */
import { useCallback, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { flushSync } from 'react-dom';
import { Heights } from './heights';
import type { RowModel } from './rows';
import { ScrollSpace } from './scrollSpace';

const OVERSCAN = 30;
const IDLE_MS = 150;

export interface Rows {
  /** Of the element that scrolls, in pixels. */
  height: number;
  first: number;
  /** Inclusive; less than `first` when there is no row. */
  last: number;
  /** Where in the element a row stands. */
  top: (row: number) => number;
  showRow: (row: number) => void;
  showEnd: () => void;
}

interface Shown {
  model: RowModel;
  heights: Heights;
}

/** The same line as before stays at the upper end, though lines came, went or were folded. */
function kept(before: Shown, now: Shown, offset: number): number {
  const row = before.heights.at(offset);
  const shown = before.model.row(row);
  if (!shown) return offset;
  const within = offset - before.heights.top(row);
  const line = shown.kind === 'line' ? shown.line : shown.section.from;
  const same = now.model.indexOf(line);
  // The heading of an open section stands one row above its first line.
  const isAbove = shown.kind === 'head' && now.model.row(same)?.kind === 'line';
  return now.heights.top(Math.max(0, isAbove ? same - 1 : same)) + within;
}

const centred = (heights: Heights, row: number, view: number) =>
  heights.top(row) + heights.height(row) / 2 - view / 2;

export function useRows(
  box: RefObject<HTMLElement | null>,
  model: RowModel,
  wrap: boolean,
  onMove: (by: number, atEnd: boolean) => void,
): Rows {
  const [space] = useState(() => new ScrollSpace());
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const heights = useMemo(() => new Heights(model), [model, wrap]);
  const shown = useRef<Shown>({ model, heights });
  const wanted = useRef<number | null>(null);
  /** The row that was asked for, until someone scrolls: it stays while lines above it grow. */
  const asked = useRef<number | null>(null);
  const moved = useRef(onMove);
  moved.current = onMove;

  const goTo = useCallback(
    (offset: number) => {
      wanted.current = space.goTo(offset);
      redraw();
    },
    [space],
  );

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const resize = () => {
      const { offset } = space;
      space.resize(shown.current.heights.total, element.clientHeight);
      goTo(offset);
    };
    let idle: ReturnType<typeof setTimeout> | undefined;
    const scroll = () => {
      const by = space.scrolled(element.scrollTop);
      if (by !== 0) asked.current = null;
      if (space.hasDrifted) wanted.current = space.settle();
      clearTimeout(idle);
      idle = setTimeout(() => {
        wanted.current = space.settle();
        if (wanted.current !== null) redraw();
      }, IDLE_MS);
      moved.current(by, space.isAtEnd);
      flushSync(redraw);
    };
    resize();
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    element.addEventListener('scroll', scroll, { passive: true });
    return () => {
      clearTimeout(idle);
      observer.disconnect();
      element.removeEventListener('scroll', scroll);
    };
  }, [box, space, goTo]);

  useLayoutEffect(() => {
    const before = shown.current;
    if (before.heights === heights) return;
    asked.current = null;
    const now = { model, heights };
    const offset = kept(before, now, space.offset);
    shown.current = now;
    space.resize(heights.total, space.viewHeight);
    goTo(offset);
  }, [model, heights, space, goTo]);

  // Wrapped lines are as high as they come out.
  useLayoutEffect(() => {
    if (!wrap || !box.current || shown.current.heights !== heights) return;
    const { offset, isAtEnd } = space;
    let above = 0;
    let all = 0;
    for (const element of box.current.querySelectorAll<HTMLElement>('[data-index]')) {
      const row = Number(element.dataset.index);
      const isAbove = heights.top(row) < offset;
      const by = heights.measure(row, element.offsetHeight);
      all += Math.abs(by);
      if (isAbove) above += by;
    }
    if (all === 0) return;
    space.resize(heights.total, space.viewHeight);
    if (asked.current !== null) goTo(centred(heights, asked.current, space.viewHeight));
    else goTo(isAtEnd ? heights.total : offset + above);
  });

  // The element must be high enough before it can be scrolled there.
  useLayoutEffect(() => {
    const element = box.current;
    if (wanted.current === null || !element || element.dataset.height !== String(space.height)) return;
    element.scrollTop = wanted.current;
    wanted.current = null;
  });

  const showRow = useCallback(
    (row: number) => {
      asked.current = row;
      goTo(centred(shown.current.heights, row, space.viewHeight));
    },
    [space, goTo],
  );
  const showEnd = useCallback(() => {
    asked.current = null;
    goTo(Infinity);
  }, [goTo]);

  const { offset } = space;
  return {
    height: space.height,
    first: Math.max(0, heights.at(offset) - OVERSCAN),
    last: Math.min(model.count - 1, heights.at(offset + space.viewHeight) + OVERSCAN),
    top: (row) => space.place(heights.top(row)),
    showRow,
    showEnd,
  };
}
