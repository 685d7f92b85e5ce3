/** Filters of the components list in the address. Pure. */
import type { ListParams } from '@/api/types';
import { readPlace } from '@/components/Pager';

export function toComponentParams(params: URLSearchParams): ListParams {
  const where: [string, string][] = [];
  const topic = params.get('topic');
  const type = params.get('type');
  const name = params.get('name');
  if (topic) where.push(['topic_id', topic]);
  if (type) where.push(['type', type]);
  if (name) where.push(['display_name', name.endsWith('*') ? name : `${name}*`]);
  return { ...readPlace(params), sort: '-released_at', where };
}
