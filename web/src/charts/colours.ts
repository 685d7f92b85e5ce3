/** A colour of the theme as it is on the page, for what is drawn. */
export function resolved(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';
}
