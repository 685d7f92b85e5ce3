/** What a route of the fake server is, and the answers that all of them give. */
import type { World } from './world.ts';

export interface Answer {
  status: number;
  body?: unknown;
  text?: string;
}

export interface Asked {
  world: World;
  params: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** What `If-match` said. */
  etag: string;
}

export type Route = [method: string, pattern: RegExp, answer: (asked: Asked) => Answer];

export const ok = (body: unknown, status = 200): Answer => ({ status, body });
export const refuse = (status: number, message: string): Answer => ({
  status,
  body: { status_code: status, message, payload: {} },
});
export const list = (noun: string, items: readonly unknown[], query: URLSearchParams): Answer => {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 20);
  return ok({ [noun]: items.slice(offset, offset + limit), _meta: { count: items.length } });
};

/** The server's `where`: equal, or contains when the value ends with `*`. */
export function fits(item: object, where: string | null): boolean {
  if (!where) return true;
  return where.split(',').every((part) => {
    const [name = '', ...rest] = part.replaceAll('"', '').split(':');
    const wanted = rest.join(':').toLowerCase();
    const value: unknown = Reflect.get(item, name);
    if (Array.isArray(value)) return value.map(String).includes(wanted);
    const text = String(value ?? '').toLowerCase();
    return wanted.endsWith('*') ? text.includes(wanted.slice(0, -1)) : text === wanted;
  });
}
