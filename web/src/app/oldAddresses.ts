/** Addresses of DCI's pages, which old comments, mails and bug reports are full of. Pure. */

type Move = readonly [pattern: RegExp, to: (parts: readonly string[], params: URLSearchParams) => string];

function withSearch(path: string, params: URLSearchParams): string {
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** Only the named parameters, under the names they have here. */
function kept(params: URLSearchParams, names: Record<string, string>): URLSearchParams {
  const next = new URLSearchParams();
  for (const [old, name] of Object.entries(names)) {
    const value = params.get(old);
    if (value) next.set(name, value);
  }
  return next;
}

const MOVES: readonly Move[] = [
  [/^\/jobs\/([^/]+)\/jobStates$/, ([id], params) =>
    withSearch(`/jobs/${id}/tasks`, kept(params, { task: 'task', sort: 'sort' }))],
  [/^\/jobs\/([^/]+)\/tests\/[^/]+$/, ([id], params) => {
    const next = kept(params, { testcase: 'q' });
    next.set('outcome', 'all');
    return withSearch(`/jobs/${id}/tests`, next);
  }],
  [/^\/jobs\/([^/]+)\/hardware$/, ([id]) => `/jobs/${id}/files`],
  [/^\/jobs\/([^/]+)\/settings$/, ([id]) => `/jobs/${id}/details`],
  [/^\/topics$/, () => '/products'],
  [/^\/topics\/([^/]+)(?:\/components)?$/, ([id]) => `/components?topic=${id}`],
  [/^\/topics\/[^/]+\/components\/([^/]+)$/, ([id]) => `/components/${id}`],
  [/^\/remotecis$/, () => '/labs'],
  [/^\/notifications$/, () => '/account'],
  [/^\/(?:dci-admin|login_callback|silent_redirect)$/, () => '/login'],
];

/** Where the page is now; null when the address is none of DCI's. */
export function newAddress(pathname: string, search = ''): string | null {
  const path = pathname.replace(/\/+$/, '');
  for (const [pattern, to] of MOVES) {
    const match = pattern.exec(path);
    if (match) return to(match.slice(1), new URLSearchParams(search));
  }
  return null;
}
