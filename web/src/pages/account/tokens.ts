/** What a new token may, and until when. Pure. */

export const SCOPES = [
  ['read', 'Read what I may see'],
  ['jobs:write', 'Report jobs, states and files'],
  ['components:write', 'Publish components'],
  ['labs:write', 'Change labs and feeders'],
  ['catalog:write', 'Change products, topics, definitions and reports'],
  ['all', 'Everything that I may'],
] as const;

export const LIVES = [7, 30, 90, 365] as const;

const DAY_MS = 86_400_000;

/** Naive UTC, as the wire wants times. */
export function endAfter(days: number, now: number): string {
  return new Date(now + days * DAY_MS).toISOString().slice(0, 19);
}
