/** Lists of the wire: `{"jobs": [...], "_meta": {"count": N}}`, asked for with `where`. */
import { request } from './http';
import type { ListParams, Meta, Page } from './types';

/** Quotes a part as CSV does, since `where` is one line of CSV. */
export function quoted(part: string): string {
  return /[",\n]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part;
}

/** A text as expressions of the query language write it. */
export const literal = (value: string): string => JSON.stringify(value);

/** `[['name','a,b'],['tags','x']]` becomes `"name:a,b",tags:x`. */
export function whereText(where: ListParams['where'] = []): string {
  return where.map(([name, value]) => quoted(`${name}:${value}`)).join(',');
}

/** The parts of a line of CSV, which is what `where` is. */
export function whereParts(line: string): string[] {
  const parts = line.match(/(?:"(?:[^"]|"")*"|[^,])+/g) ?? [];
  return parts.map((part) =>
    /^".*"$/s.test(part) ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
}

export async function fetchPage<T>(
  path: string,
  noun: string,
  params: ListParams,
  signal?: AbortSignal,
): Promise<Page<T>> {
  const answer = await request<Record<string, T[]> & { _meta?: Meta }>(path, {
    signal,
    query: {
      limit: params.limit,
      offset: params.offset,
      sort: params.sort,
      where: whereText(params.where),
      query: params.query,
    },
  });
  const items = answer[noun] ?? [];
  return { items, count: answer._meta?.count ?? items.length };
}
