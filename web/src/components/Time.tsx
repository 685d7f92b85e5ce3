import type { Moment } from '@/api/types';
import { absolute, ago, between, duration, toDate, utc } from '@/format/time';
import { useNow } from './useNow';

interface Props {
  at: Moment | null | undefined;
  /** Show the date itself, with the age beside it. */
  full?: boolean;
}

/** When something happened: relative on the screen, in the user's zone and in UTC on hover. */
export function Time({ at, full = false }: Props) {
  const now = useNow();
  if (!at) return <span className="rt-muted">–</span>;
  const hover = `${absolute(at)}\n${utc(at)}`;
  return (
    <time dateTime={toDate(at).toISOString()} title={hover} className={full ? undefined : 'rt-nowrap'}>
      {full ? (
        <>
          {absolute(at)} <span className="rt-muted">({ago(at, now)})</span>
        </>
      ) : (
        ago(at, now)
      )}
    </time>
  );
}

/** How long something took, or takes: counts on while it has no end. */
export function Took({ from, to }: { from: Moment | null; to: Moment | null }) {
  const now = useNow(to === null);
  if (!from) return <span className="rt-muted">–</span>;
  return <span className="rt-nowrap">{duration(between(from, to, now))}</span>;
}
