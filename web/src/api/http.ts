/** One way to talk to the server: JSON in, JSON out, errors that a person can read. */
import { EventReader, type ServerEvent } from './events';

export const API = '/api/v1';

export class ApiError extends Error {
  readonly status: number;
  readonly payload: Record<string, unknown>;

  constructor(status: number, message: string, payload: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.payload = payload;
  }
}

/** The server could not be reached at all. */
export const UNREACHABLE = 0;

type Query = Record<string, string | number | undefined | null>;

/** `/jobs` and `{limit: 20}` make `/api/v1/jobs?limit=20`; empty values are left out. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `${API}${path}${text ? `?${text}` : ''}`;
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  etag?: string;
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    // Cookies alone could be sent by a foreign page; this header could not.
    'X-Requested-With': 'ringtest',
  };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.etag) headers['If-match'] = options.etag;
  try {
    return await fetch(address(path, options.query), {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(UNREACHABLE, 'The server cannot be reached.');
  }
}

async function toError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const body = JSON.parse(text) as { message?: string; payload?: Record<string, unknown> };
    return new ApiError(response.status, body.message ?? response.statusText, body.payload);
  } catch {
    return new ApiError(response.status, response.statusText || `HTTP ${response.status}`);
  }
}

/** JSON of the answer; `undefined` when the answer has no body. Throws ApiError. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const response = await send(path, options);
  if (!response.ok) throw await toError(response);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Text of the answer, for files that people read. */
export async function requestText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await send(path, { signal });
  if (!response.ok) throw await toError(response);
  return response.text();
}

/** Server-sent events of an answer that ends, one by one. Throws ApiError. */
export async function* requestEvents(
  path: string,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const response = await send(path, { query, signal });
  if (!response.ok) throw await toError(response);
  const stream = response.body?.getReader();
  const decoder = new TextDecoder();
  const events = new EventReader();
  while (stream) {
    const { done, value } = await stream.read();
    if (done) return;
    yield* events.feed(decoder.decode(value, { stream: true }));
  }
}
