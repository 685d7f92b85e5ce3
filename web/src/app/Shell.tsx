/** What surrounds every page: header, live connection, keyboard, and the way to the content. */
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useState } from 'react';
import { Outlet, ScrollRestoration, useLocation, useNavigate, useNavigation } from 'react-router';
import { ApiError } from '@/api/http';
import { identityQuery } from '@/api/queries/identity';
import { ErrorBox } from '@/components/ErrorBox';
import { focusSearch, moveRow } from '@/keys/rows';
import { useShortcuts } from '@/keys/useShortcuts';
import { LiveProvider } from '@/live/LiveProvider';
import { NoticeProvider } from '@/components/Notices';
import { Header } from './Header';
import { HelpModal } from './HelpModal';

/** What counts as one page: its tabs do not, and every resource of administration has its own. */
const pageOf = (pathname: string): string =>
  pathname.split('/').slice(0, pathname.startsWith('/admin/') ? 4 : 3).join('/');

export function Shell() {
  const identity = useQuery(identityQuery);
  const navigate = useNavigate();
  const [helping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const page = pageOf(useLocation().pathname);
  const busy = useNavigation().state !== 'idle';

  useShortcuts({
    '/': focusSearch,
    '?': () => setHelping(true),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    'g p': () => void navigate('/products'),
    'g j': () => void navigate('/jobs'),
    'g c': () => void navigate('/components'),
    'g l': () => void navigate('/labs'),
    'g r': () => void navigate('/reports'),
    'g i': () => void navigate('/issues'),
    'g w': () => void navigate('/answers'),
    'g a': () => void navigate('/account'),
    'g m': () => void navigate('/admin'),
  });

  // A new page is read from its top by screen readers too; the first load keeps its own focus.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [page]);

  if (identity.isPending) return <div className="rt-boot" aria-busy="true" aria-label="Loading" />;
  if (identity.isError) {
    // Without a session the login page is on its way already.
    if (identity.error instanceof ApiError && identity.error.status === 401) return null;
    return (
      <main className="rt-main">
        <ErrorBox error={identity.error} onRetry={() => void identity.refetch()} />
      </main>
    );
  }
  return (
    <LiveProvider>
      <a className="rt-skip" href="#main">
        Skip to the content
      </a>
      <Header identity={identity.data} onHelp={() => setHelping(true)} />
      <div className={busy ? 'rt-loading rt-loading-on' : 'rt-loading'} aria-hidden="true" />
      <main id="main" className="rt-main" tabIndex={-1} ref={main}>
        <NoticeProvider>
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        </NoticeProvider>
      </main>
      {helping && <HelpModal onClose={() => setHelping(false)} />}
      <ScrollRestoration getKey={({ pathname }) => pathname} />
    </LiveProvider>
  );
}
