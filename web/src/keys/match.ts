/** Keyboard shortcuts as text: `?`, `/`, `f`, or a sequence such as `g p`. Pure. */
export interface Shortcut {
  keys: string;
  says: string;
  group: 'Go to' | 'Lists' | 'Everywhere' | 'Log';
}

export const SHORTCUTS: Shortcut[] = [
  { keys: 'g p', says: 'Products', group: 'Go to' },
  { keys: 'g j', says: 'Jobs', group: 'Go to' },
  { keys: 'g c', says: 'Components', group: 'Go to' },
  { keys: 'g l', says: 'Labs', group: 'Go to' },
  { keys: 'g r', says: 'Reports', group: 'Go to' },
  { keys: 'g i', says: 'Known issues', group: 'Go to' },
  { keys: 'g w', says: 'Answers: what, where, since when', group: 'Go to' },
  { keys: 'g a', says: 'Account', group: 'Go to' },
  { keys: 'g m', says: 'Administration', group: 'Go to' },
  { keys: 'j', says: 'Next row', group: 'Lists' },
  { keys: 'k', says: 'Previous row', group: 'Lists' },
  { keys: 'Enter', says: 'Open the row', group: 'Lists' },
  { keys: '/', says: 'Search or filter this page', group: 'Everywhere' },
  { keys: '?', says: 'Show this help', group: 'Everywhere' },
  { keys: 'f', says: 'Follow the end of the log', group: 'Log' },
  { keys: 'e', says: 'Jump to the first error', group: 'Log' },
  { keys: 'n', says: 'Next match', group: 'Log' },
  { keys: 'N', says: 'Previous match', group: 'Log' },
];

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What the keys pressed so far mean: a whole shortcut, the start of one, or nothing. */
export function matchKeys(
  before: string,
  pressed: Pressed,
  known: readonly string[],
): { hit: string | null; pending: string } {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return { hit: null, pending: '' };
  const tries = before ? [`${before} ${pressed.key}`, pressed.key] : [pressed.key];
  for (const text of tries) {
    if (known.includes(text)) return { hit: text, pending: '' };
    if (known.some((keys) => keys.startsWith(`${text} `))) return { hit: null, pending: text };
  }
  return { hit: null, pending: '' };
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}
