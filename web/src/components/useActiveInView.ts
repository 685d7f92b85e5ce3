/** A bar of links that is wider than the screen shows the one that is open. */
import { useEffect, useRef, type RefObject } from 'react';
import { useLocation } from 'react-router';

export function useActiveInView(): RefObject<HTMLElement | null> {
  const bar = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    const [box, active] = [bar.current, bar.current?.querySelector<HTMLElement>('.active')];
    if (!box || !active) return;
    // Sideways only: the page itself must stay where it is.
    const left = active.offsetLeft - box.offsetLeft;
    const hidden = left < box.scrollLeft || left + active.offsetWidth > box.scrollLeft + box.clientWidth;
    if (hidden) box.scrollLeft = left - (box.clientWidth - active.offsetWidth) / 2;
  }, [pathname]);
  return bar;
}
