/** Serves the fake server under /api/v1 beside Vite's pages (`npm run dev:mock`). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { answer } from './handler.ts';
import { simulate } from './simulate.ts';
import { World } from './world.ts';

const LATENCY_MS = 40;
const POLL_MS = 300;

function send(response: ServerResponse, event: string, data: unknown, number?: number): void {
  const line = number === undefined ? '' : `id: ${number}\n`;
  response.write(`event: ${event}\n${line}data: ${JSON.stringify(data)}\n\n`);
}

function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write('retry: 1000\n\n');
}

function streamEvents(world: World, request: IncomingMessage, response: ServerResponse): void {
  beginStream(response);
  const stop = world.listen(({ type, data, id }) => send(response, type, data, id));
  request.on('close', stop);
}

function streamLog(world: World, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const job = world.job(url.pathname.split('/')[4] ?? '');
  beginStream(response);
  let sent = Number(url.searchParams.get('from_line') ?? 0);
  const timer = setInterval(() => {
    const lines = job?.log.lines.slice(sent) ?? [];
    if (lines.length) send(response, 'lines', { from_line: sent, lines });
    sent += lines.length;
    if (job?.job.phase !== 'running') {
      send(response, 'end', {});
      clearInterval(timer);
      response.end();
    }
  }, POLL_MS);
  request.on('close', () => clearInterval(timer));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

function middleware(world: World): Connect.NextHandleFunction {
  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (!url.pathname.startsWith('/api/v1/')) {
      next();
      return;
    }
    if (url.pathname === '/api/v1/events/stream') {
      streamEvents(world, request, response);
      return;
    }
    if (url.pathname.endsWith('/log/stream')) {
      streamLog(world, url, request, response);
      return;
    }
    void readBody(request).then((body) => {
      const path = url.pathname.slice('/api/v1'.length);
      const method = request.method ?? 'GET';
      const etag = request.headers['if-match'] ?? '';
      const { status, body: json, text } = answer(world, method, path, url.searchParams, body, etag);
      setTimeout(() => {
        response.writeHead(status, { 'Content-Type': text === undefined ? 'application/json' : 'text/plain' });
        response.end(text ?? (json === undefined ? '' : JSON.stringify(json)));
      }, LATENCY_MS);
    });
  };
}

export function mockApi(): Plugin {
  const world = new World({ bigLog: 7000 });
  return {
    name: 'ringtest-mock-api',
    configureServer(server) {
      simulate(world);
      server.middlewares.use(middleware(world));
    },
    configurePreviewServer(server) {
      simulate(world);
      server.middlewares.use(middleware(world));
    },
  };
}
