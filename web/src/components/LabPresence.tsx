import type { Moment } from '@/api/types';
import { Time } from './Time';

interface Props {
  connected: boolean;
  lastSeenAt: Moment | null;
}

/** Is a lab's agent there? */
export function LabPresence({ connected, lastSeenAt }: Props) {
  return (
    <span className={connected ? 'rt-presence rt-presence-on' : 'rt-presence'}>
      <span className="rt-presence-dot" aria-hidden="true" />
      {connected ? (
        <span title="Its agent is connected right now">connected</span>
      ) : lastSeenAt ? (
        <span>
          seen <Time at={lastSeenAt} />
        </span>
      ) : (
        'never seen'
      )}
    </span>
  );
}
