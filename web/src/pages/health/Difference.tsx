import type { VersionChange } from '@/api/types';

/** `markupsafe 2.0.1 → 2.1.0`: what changed between the last good set and the first bad one. */
export function Difference({ changes }: { changes: readonly VersionChange[] }) {
  return changes.map(({ type, before, after }) => (
    <span key={type} className="rt-diff">
      {type} <s>{before?.version ?? 'none'}</s> <span aria-label="to">→</span>{' '}
      <b>{after?.version ?? 'none'}</b>
    </span>
  ));
}
