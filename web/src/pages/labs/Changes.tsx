/** Values that are not as they were. */
import type { Change } from '@/api/types';

const SHOWN = 12;
const said = (value: Change['after']) => (value === null ? 'not there' : String(value));

export function Changes({ changes }: { changes: Change[] }) {
  return (
    <>
      <ul className="rt-plain-list">
        {changes.slice(0, SHOWN).map((change) => (
          <li key={change.what}>
            {change.what.replace(/^inventory \/ /, '')}: {said(change.before)} →{' '}
            <strong>{said(change.after)}</strong>
          </li>
        ))}
      </ul>
      {changes.length > SHOWN && <p>and {changes.length - SHOWN} more</p>}
    </>
  );
}
