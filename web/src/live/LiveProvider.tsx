/** The tab's one live connection: turns the feed into fresh answers on the screen. */
import { useQueryClient, type Query } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { address } from '@/api/http';
import { keys } from '@/api/keys';
import { distinct, staleAfter, type Key } from './effects';
import { EVENT_TYPES, type FeedEvent, type LiveMove, type LiveState } from './feed';
import { applyProgress } from './progress';
import { Stream } from './stream';

/** Events come in bursts: answers are asked for again at most this often (ms). */
const BURST = 250;
/** Without the feed, what is on the screen is asked for again at this pace (ms). */
const POLL = 10_000;

/** Everything but who we are may have changed. */
const changeable = (query: Query): boolean => query.queryKey[0] !== keys.identity[0];

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
      const old = distinct(stale);
      stale = [];
      for (const queryKey of old) void client.invalidateQueries({ queryKey });
    };
    const stream = new Stream({
      address: () => address('/events/stream'),
      types: [...EVENT_TYPES, 'live'],
      onState: (now, afterGap) => {
        setState(now);
        if (!afterGap) return;
        // Something may have been missed: look at everything on the screen again.
        void client.invalidateQueries({ predicate: changeable });
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

  useEffect(() => {
    if (state !== 'lost') return undefined;
    const look = () => void client.invalidateQueries({ predicate: changeable });
    const timer = setInterval(look, POLL);
    return () => clearInterval(timer);
  }, [client, state]);

  return <LiveContext value={state}>{children}</LiveContext>;
}
