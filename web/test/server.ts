/** The fake server behind `fetch` and `EventSource`. */
import { vi } from 'vitest';
import { answer } from '../mock/handler';
import { World, type Told } from '../mock/world';

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: Record<string, unknown>;
}

export const server = {
  world: new World(),
  calls: [] as Call[],
  sources: [] as FakeSource[],
  /** New streams are refused, as by a server that is restarting. */
  refusing: false,
};

export class FakeSource {
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  private readonly listeners = new Map<string, ((event: MessageEvent<string>) => void)[]>();

  constructor(readonly address: string) {
    server.sources.push(this);
    queueMicrotask(() => (server.refusing ? this.fail(true) : this.open()));
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.(new Event('open'));
  }

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  send(type: string, data: unknown, id = ''): void {
    const event = new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id });
    for (const listener of this.listeners.get(type) ?? []) listener(event);
  }

  /** The connection is gone; `refused` means that the browser will not try again. */
  fail(refused: boolean): void {
    this.readyState = refused ? 2 : 0;
    this.onerror?.(new Event('error'));
  }

  close(): void {
    this.readyState = 2;
  }
}

/** The newest open connection to the event feed. */
export function feed(): FakeSource {
  const found = server.sources.findLast((source) => source.address.includes('/events/stream'));
  if (!found) throw new Error('nobody listens to the feed');
  return found;
}

async function fakeFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const url = new URL(String(input), 'http://localhost');
  const method = init.method ?? 'GET';
  const path = url.pathname.replace('/api/v1', '');
  const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
  server.calls.push({ method, path, query: url.searchParams, headers: new Headers(init.headers), body });
  const etag = new Headers(init.headers).get('If-match') ?? '';
  const { status, body: json, text } = answer(server.world, method, path, url.searchParams, body, etag);
  const content = text ?? (json === undefined ? null : JSON.stringify(json));
  return new Response(status === 204 ? null : content, { status });
}

export function installServer(): void {
  server.world = new World();
  server.calls = [];
  server.sources = [];
  server.refusing = false;
  server.world.listen(({ type, data, id }: Told) => {
    for (const source of server.sources) source.send(type, data, String(id ?? ''));
  });
  vi.stubGlobal('fetch', vi.fn(fakeFetch));
  vi.stubGlobal('EventSource', FakeSource);
}

export function uninstallServer(): void {
  for (const source of server.sources) source.close();
}
