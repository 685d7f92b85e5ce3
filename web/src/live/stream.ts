/**
 * One event stream with the manners a browser tab needs: it comes back after a
 * loss, and it lets go while nobody looks, because browsers share six connections
 * per server among all tabs.
 */
import type { LiveState } from './feed';

export interface Source {
  readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface Watch {
  /** Asked anew at each connection, so that it can carry the place to go on from. */
  address: () => string;
  types: readonly string[];
  onMessage: (type: string, data: string, id: string) => void;
  onState: (state: LiveState, afterGap: boolean) => void;
}

const CLOSED = 2;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const HIDDEN_GRACE = 10_000;

export type Open = (address: string) => Source;
const openSource: Open = (address) => new EventSource(address);

export class Stream {
  private source: Source | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hideTimer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT;
  private gap = false;
  private stopped = false;

  constructor(
    private readonly watch: Watch,
    private readonly open: Open = openSource,
  ) {}

  start(): void {
    document.addEventListener('visibilitychange', this.onVisibility);
    if (document.visibilityState === 'hidden') this.pause();
    else this.connect();
  }

  stop(): void {
    this.stopped = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    clearTimeout(this.hideTimer);
    this.disconnect();
  }

  private connect(): void {
    if (this.stopped) return;
    this.disconnect();
    this.watch.onState('connecting', false);
    const source = this.open(this.watch.address());
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT;
      const afterGap = this.gap;
      this.gap = false;
      this.watch.onState('open', afterGap);
    };
    source.onerror = () => this.onLost(source);
    for (const type of this.watch.types) {
      source.addEventListener(type, (event) => {
        if (this.source === source) this.watch.onMessage(type, event.data, event.lastEventId);
      });
    }
  }

  private onLost(source: Source): void {
    if (this.source !== source) return;
    this.gap = true;
    this.watch.onState('lost', false);
    // The browser retries a broken connection by itself, but not a refused one.
    if (source.readyState !== CLOSED) return;
    this.disconnect();
    this.timer = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  private disconnect(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private pause(): void {
    this.gap = true;
    this.disconnect();
    this.watch.onState('paused', false);
  }

  private readonly onVisibility = (): void => {
    clearTimeout(this.hideTimer);
    if (document.visibilityState === 'hidden') {
      this.hideTimer = setTimeout(() => this.pause(), HIDDEN_GRACE);
    } else if (this.source === null) {
      this.connect();
    }
  };
}
