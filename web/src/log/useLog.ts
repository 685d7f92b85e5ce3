/** A log on the screen: its store, and the live stream that fills it while the job runs. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { fetchLog, logStreamAddress } from '@/api/queries/log';
import type { Id } from '@/api/types';
import { Stream } from '@/live/stream';
import { LogStore } from './LogStore';

interface Lines {
  from_line: number;
  lines: string[];
}

export function useLog(jobId: Id, attempt: number, live: boolean): LogStore {
  const store = useMemo(
    () => new LogStore((from, limit) => fetchLog(jobId, attempt, from, limit)),
    [jobId, attempt],
  );
  useSyncExternalStore(store.subscribe, store.snapshot);

  useEffect(() => {
    let stream: Stream | null = null;
    let gone = false;
    void store.open().then(() => {
      if (gone || store.complete || !live) return;
      stream = new Stream({
        // The last line may have been cut off in the middle: it is sent again, whole.
        address: () => logStreamAddress(jobId, attempt, Math.max(0, store.total - 1)),
        types: ['lines', 'end'],
        onState: () => undefined,
        onMessage: (type, data) => {
          if (type === 'lines') {
            const { from_line, lines } = JSON.parse(data) as Lines;
            store.append(from_line, lines);
          } else {
            store.end();
            stream?.stop();
          }
        },
      });
      stream.start();
    });
    return () => {
      gone = true;
      stream?.stop();
    };
  }, [store, jobId, attempt, live]);

  return store;
}
