import ServerIcon from 'icons/server-icon';
import { useEffect, useMemo, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { logRawAddress } from '@/api/queries/log';
import { ErrorBox } from '@/components/ErrorBox';
import { Bars } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useShortcuts } from '@/keys/useShortcuts';
import { findFirstError } from '@/log/firstError';
import { lineHash, parseLineHash } from '@/log/lineLink';
import { LogToolbar } from '@/log/LogToolbar';
import { LogView, type Target } from '@/log/LogView';
import { RowModel, sectionsOf, type Section } from '@/log/rows';
import { useLog } from '@/log/useLog';
import { useLogSearch } from '@/log/useLogSearch';
import { useJob, type JobContext } from './context';
import { brokenStage } from './stages';

export function LogTab() {
  const context = useJob();
  if (context.attempt === 0) {
    return (
      <Teach title="Waiting for the lab" icon={ServerIcon} commands={[`ringtest job watch ${context.job.id}`]}>
        The log begins when an agent of {context.job.remoteci?.name ?? 'the lab'} takes the job.
      </Teach>
    );
  }
  return <Log key={context.attempt} {...context} />;
}

const without = (keys: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  new Set([...keys].filter((other) => other !== key));

function Log({ job, stages, attempt }: JobContext) {
  const isLive = job.phase === 'running' && attempt === job.attempt;
  const store = useLog(job.id, attempt, isLive);
  const { hash, search, pathname } = useLocation();
  const navigate = useNavigate();
  const range = useMemo(() => parseLineHash(hash), [hash]);
  const [q, setQ] = useState('');
  const [at, setAt] = useState(0);
  const [follow, setFollow] = useState(isLive && range === null);
  const [note, setNote] = useState('');
  const [wrap, setWrap] = useState(false);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const found = useLogSearch(job.id, attempt, store, q);

  const mine = useMemo(() => stages.filter((one) => one.attempt === attempt), [stages, attempt]);
  const model = useMemo(
    () => new RowModel(sectionsOf(mine, store.total), folded),
    [mine, store.total, folded],
  );

  const hit = q.trim() ? found.lines[Math.min(at, found.lines.length - 1)] : undefined;
  const wanted = hit ?? range?.first ?? null;
  const target = useMemo<Target | null>(
    () => (wanted === null ? null : { line: wanted, at: performance.now() }),
    [wanted, hash],
  );
  // A wanted line must not stay hidden in a folded stage.
  useEffect(() => {
    const hider = target && model.sectionOf(target.line);
    if (hider) setFolded((now) => (now.has(hider.key) ? without(now, hider.key) : now));
    // Only a new target opens a stage: people may fold it again.
  }, [target]);

  const goTo = (newHash: string) => {
    setFollow(false);
    void navigate({ pathname, search, hash: newHash }, { replace: true, preventScrollReset: true });
  };
  const goToLine = (line: number, extend: boolean) => {
    const other = extend && range ? range.first : line;
    goTo(lineHash({ first: Math.min(line, other), last: Math.max(line, other) }));
  };
  const step = (by: 1 | -1) => {
    const size = found.lines.length;
    if (size > 0) setAt((now) => (Math.min(now, size - 1) + by + size) % size);
    setFollow(false);
  };
  const toFirstError = () => {
    setNote('looking…');
    findFirstError(job.id, attempt, brokenStage(stages, attempt)).then(
      (line) => {
        setNote(line === null ? 'no error found' : '');
        if (line !== null) goToLine(line, false);
      },
      () => setNote('search failed'),
    );
  };
  const fold = ({ key }: Section) =>
    setFolded((now) => (now.has(key) ? without(now, key) : new Set([...now, key])));

  useShortcuts({
    f: () => setFollow((now) => !now),
    e: toFirstError,
    n: () => step(1),
    N: () => step(-1),
  });

  if (!store.loaded && store.error) {
    return <ErrorBox error={store.error} onRetry={() => void store.open()} />;
  }
  return (
    <section aria-label="Log">
      <LogToolbar
        q={q}
        found={found}
        at={Math.min(at, Math.max(0, found.lines.length - 1))}
        live={isLive}
        follow={follow}
        wrap={wrap}
        total={store.total}
        note={note}
        downloadAddress={logRawAddress(job.id, attempt)}
        onSearch={(text) => {
          setQ(text);
          setAt(0);
          setFollow(false);
        }}
        onStep={step}
        onFollow={() => setFollow(!follow)}
        onWrap={() => setWrap(!wrap)}
        onFirstError={toFirstError}
      />
      {!store.loaded ? (
        <Bars count={8} height="1rem" />
      ) : store.total === 0 && !isLive ? (
        <p className="rt-calm">This attempt wrote no log.</p>
      ) : (
        <LogView
          store={store}
          model={model}
          folded={folded}
          needle={q.trim()}
          current={hit ?? null}
          range={range}
          target={target}
          follow={follow}
          wrap={wrap}
          onFollow={setFollow}
          onFold={fold}
          onLine={goToLine}
        />
      )}
    </section>
  );
}
