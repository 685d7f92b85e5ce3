/** Pages of a list, with the place in the address bar. */
import { Pagination } from 'pf/Pagination';
import { useSearchParams } from 'react-router';

export const PAGE_SIZES = [20, 50, 100, 200];

export interface Place {
  limit: number;
  offset: number;
}

export function readPlace(params: URLSearchParams): Place {
  const limit = Number(params.get('limit') ?? params.get('perPage'));
  // old links count pages
  const page = Number(params.get('page') ?? 1);
  const offset = Number(params.get('offset') ?? (page - 1) * limit);
  return {
    limit: PAGE_SIZES.includes(limit) ? limit : 20,
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

export function Pager({ count }: { count: number }) {
  const [params, setParams] = useSearchParams();
  const { limit, offset } = readPlace(params);
  if (count <= PAGE_SIZES[0]! && offset === 0) return null;
  const go = (place: Place) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      next.delete('page');
      next.delete('perPage');
      if (place.offset > 0) next.set('offset', String(place.offset));
      else next.delete('offset');
      if (place.limit !== 20) next.set('limit', String(place.limit));
      else next.delete('limit');
      return next;
    });
  return (
    <Pagination
      itemCount={count}
      perPage={limit}
      page={Math.floor(offset / limit) + 1}
      perPageOptions={PAGE_SIZES.map((value) => ({ title: String(value), value }))}
      onSetPage={(_, page) => go({ limit, offset: (page - 1) * limit })}
      onPerPageSelect={(_, size) => go({ limit: size, offset: 0 })}
      isCompact
    />
  );
}
