/** Listens to the keyboard while a component is on the screen. */
import { useEffect, useRef } from 'react';
import { isTyping, matchKeys } from './match';

const SEQUENCE_MS = 1200;

export function useShortcuts(actions: Record<string, () => void>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    let pending = '';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"][aria-modal="true"]')) return;
      clearTimeout(timer);
      const found = matchKeys(pending, event, Object.keys(latest.current));
      pending = found.pending;
      timer = setTimeout(() => (pending = ''), SEQUENCE_MS);
      if (found.hit === null) return;
      event.preventDefault();
      latest.current[found.hit]?.();
    };
    window.addEventListener('keydown', onKey);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('keydown', onKey);
    };
  }, []);
}
