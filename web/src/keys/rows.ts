/** `j` and `k` walk the rows of the page: every element marked with `data-row`. */
const SELECTOR = '[data-row]';

export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(SELECTOR)];
  if (rows.length === 0) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const next = current < 0 ? (step === 1 ? 0 : rows.length - 1) : current + step;
  const row = rows[Math.min(rows.length - 1, Math.max(0, next))];
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
}

/** Focuses the page's search field, marked with `data-search`. */
export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('[data-search]');
  const input = field?.matches('input') ? field : field?.querySelector('input');
  input?.focus();
  input?.select();
}
