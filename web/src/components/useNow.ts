/** One clock for all relative times on the screen: ticks once per period, not once per time. */
import { useSyncExternalStore } from 'react';

class Clock {
  private now = Date.now();
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly period: number) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      this.now = Date.now();
      this.timer = setInterval(() => {
        this.now = Date.now();
        for (const tell of this.listeners) tell();
      }, this.period);
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) clearInterval(this.timer);
    };
  };

  read = (): number => {
    // Nobody ticks while nobody listens: the first reader must not see an old hour.
    if (this.listeners.size === 0 && Date.now() - this.now > this.period) this.now = Date.now();
    return this.now;
  };
}

const slow = new Clock(10_000);
const fast = new Clock(1_000);

/** Milliseconds since the epoch; ticks each second when `everySecond`, else every ten. */
export function useNow(everySecond = false): number {
  const clock = everySecond ? fast : slow;
  return useSyncExternalStore(clock.subscribe, clock.read);
}
