import { useQuery } from '@tanstack/react-query';
import ServerIcon from 'icons/server-icon';
import { useEffect, useMemo, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { logMarksQuery, logRawAddress } from '@/api/queries/log';
import { ErrorBox } from '@/components/ErrorBox';
import { Bars } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { useShortcuts } from '@/keys/useShortcuts';
import { firstError } from '@/log/firstError';
import { lineHash, parseLineHash } from '@/log/lineLink';
import { MatchList } from '@/log/MatchList';
import { readQuestion, writeQuestion } from '@/log/question';
import { LogToolbar } from '@/log/LogToolbar';
import { LogView, type Target } from '@/log/LogView';
import { RowModel, sectionsOf, type Section } from '@/log/rows';
import { useLog } from '@/log/useLog';
import { useLogSearch } from '@/log/useLogSearch';
import { useJob, type JobContext } from './context';
import { brokenStage } from './stages';

const TYPING_MS = 300;

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
  const [params] = useSearchParams();
  const [question, setQuestion] = useState(() => readQuestion(params));
  // A link to a line leads there, also when it holds a search.
  const [at, setAt] = useState<number | null>(range ? null : 0);
  const [listed, setListed] = useState(question.context > 0);
  const [follow, setFollow] = useState(isLive && range === null);
  const [note, setNote] = useState('');
  const [wrap, setWrap] = useState(false);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const found = useLogSearch(job.id, attempt, store, question);

  const mine = useMemo(() => stages.filter((one) => one.attempt === attempt), [stages, attempt]);
  const model = useMemo(
    () => new RowModel(sectionsOf(mine, store.total), folded),
    [mine, store.total, folded],
  );

  const marks = useQuery({
    ...logMarksQuery(job.id, attempt, isLive),
    enabled: stages.length > 0,
  });

  useEffect(() => {
    const next = writeQuestion(params, question).toString();
    if (next === params.toString()) return undefined;
    const write = () =>
      void navigate({ pathname, search: next, hash }, { replace: true, preventScrollReset: true });
    const timer = setTimeout(write, TYPING_MS);
    return () => clearTimeout(timer);
  }, [question, params, pathname, hash, navigate]);

  const shownAt = at === null ? null : Math.min(at, Math.max(0, found.matches.length - 1));
  const hit = question.q && shownAt !== null ? found.matches[shownAt]?.line : undefined;
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
    setAt(null);
    void navigate({ pathname, search, hash: newHash }, { replace: true, preventScrollReset: true });
  };
  const goToLine = (line: number, extend: boolean) => {
    const other = extend && range ? range.first : line;
    goTo(lineHash({ first: Math.min(line, other), last: Math.max(line, other) }));
  };
  const step = (by: 1 | -1) => {
    const size = found.matches.length;
    setFollow(false);
    if (size === 0) return;
    if (shownAt !== null) {
      setAt((shownAt + by + size) % size);
      return;
    }
    // From the line that is linked to, to the next match.
    const next = found.matches.findIndex((match) => match.line > (range?.first ?? -1));
    const from = next < 0 ? size : next;
    setAt((by > 0 ? from : from - 1 + size) % size);
  };
  const toFirstError = () => {
    setNote('looking…');
    marks.refetch().then(
      ({ data, error }) => {
        const line = data ? firstError(data, brokenStage(stages, attempt)) : null;
        setNote(error ? 'the server does not say' : line === null ? 'no error found' : '');
        if (line !== null) goToLine(line, false);
      },
      () => setNote('the server does not say'),
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
        question={question}
        found={found}
        at={shownAt}
        listed={listed}
        steps={marks.data?.steps ?? []}
        live={isLive}
        follow={follow}
        wrap={wrap}
        total={store.total}
        note={note}
        downloadAddress={logRawAddress(job.id, attempt)}
        gzipAddress={logRawAddress(job.id, attempt, 'gzip')}
        onSearch={(next) => {
          setQuestion(next);
          setAt(0);
          setFollow(false);
        }}
        onList={() => setListed(!listed)}
        onGoTo={(line) => goToLine(line, false)}
        onStep={step}
        onFollow={() => setFollow(!follow)}
        onWrap={() => setWrap(!wrap)}
        onFirstError={toFirstError}
      />
      {listed && (
        <MatchList
          found={found}
          current={hit ?? null}
          onOpen={(one) => {
            setAt(one);
            setFollow(false);
          }}
        />
      )}
      {!store.loaded ? (
        <Bars count={8} height="1rem" />
      ) : store.total === 0 && !isLive ? (
        <p className="rt-calm">This attempt wrote no log.</p>
      ) : (
        <LogView
          store={store}
          model={model}
          folded={folded}
          matcher={found.matcher}
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
