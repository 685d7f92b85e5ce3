/** The tab's one live connection: turns the feed into fresh answers on the screen. */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { address } from '@/api/http';
import { distinct, staleAfter, type Key } from './effects';
import { EVENT_TYPES, type FeedEvent, type LiveMove, type LiveState } from './feed';
import { applyProgress } from './progress';
import { Stream } from './stream';

/** Events come in bursts: answers are asked for again at most this often (ms). */
const BURST = 250;
const NEVER_LIVE = new Set(['identity']);

const LiveContext = createContext<LiveState>('connecting');

export const useLiveState = (): LiveState => useContext(LiveContext);

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');

  useEffect(() => {
    let stale: Key[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const keys = distinct(stale);
      stale = [];
      for (const queryKey of keys) void client.invalidateQueries({ queryKey });
    };
    const stream = new Stream({
      address: () => address('/events/stream'),
      types: [...EVENT_TYPES, 'live'],
      onState: (now, afterGap) => {
        setState(now);
        if (!afterGap) return;
        // Something may have been missed: look at everything on the screen again.
        void client.invalidateQueries({
          predicate: (query) => !NEVER_LIVE.has(String(query.queryKey[0])),
        });
      },
      onMessage: (type, data) => {
        if (type === 'live') {
          const move = JSON.parse(data) as LiveMove;
          if (move.kind === 'progress' && move.progress) {
            applyProgress(client, move.job_id, move.progress);
          }
          return;
        }
        stale.push(...staleAfter(JSON.parse(data) as FeedEvent));
        timer ??= setTimeout(flush, BURST);
      },
    });
    stream.start();
    return () => {
      clearTimeout(timer);
      stream.stop();
    };
  }, [client]);

  return <LiveContext value={state}>{children}</LiveContext>;
}
