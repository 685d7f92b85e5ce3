/** Pages of a list, with the place in the address bar. */
import { Pagination } from 'pf/Pagination';
import { useAddress } from './useAddress';

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
  const { params, set } = useAddress();
  const { limit, offset } = readPlace(params);
  if (count <= PAGE_SIZES[0]! && offset === 0) return null;
  const go = (place: Place) => {
    const text = (number: number, usual: number) => (number === usual ? '' : String(number));
    const values = { offset: text(place.offset, 0), limit: text(place.limit, 20), perPage: '' };
    set(values, { step: true });
    window.scrollTo({ top: 0 });
  };
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
