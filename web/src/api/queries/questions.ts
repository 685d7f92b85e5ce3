/** The questions over many jobs: one call each. */
import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import type {
  Comparison,
  Coverage,
  DurationChange,
  Flake,
  HistoryDay,
  HistoryRun,
  Id,
  KeyValuePoint,
  Meta,
  Moment,
  Sighting,
  Statistics,
  TestRef,
  TrendPoint,
  VersionChange,
} from '../types';

/** What most questions are asked about: days are inclusive, in UTC. */
export interface Span {
  from: string;
  to: string;
  lab?: Id;
  team?: Id;
}

const spanned = ({ from, to, lab, team }: Span) => ({
  from,
  to,
  remoteci_id: lab,
  team_id: team,
});

const KEY = 'questions';

export interface Listed<T> {
  items: T[];
  count: number;
  /** How figures were made, in words; some answers say so. */
  method: string;
}

async function ask<T>(
  path: string,
  noun: string,
  query: Record<string, string | number | undefined>,
  signal: AbortSignal,
): Promise<Listed<T>> {
  const answer = await request<Record<string, T[]> & { _meta?: Meta & { method?: string } }>(path, {
    signal,
    query,
  });
  const items = answer[noun] ?? [];
  const meta = answer._meta as (Meta & { method?: string }) | undefined;
  return { items, count: meta?.count ?? items.length, method: meta?.method ?? '' };
}

export type Step = 'day' | 'week' | 'month';

export const trendQuery = (topic: Id, span: Span, by: Step) =>
  queryOptions({
    queryKey: [KEY, 'trend', topic, span, by],
    queryFn: ({ signal }) =>
      ask<TrendPoint>(`/topics/${topic}/trend`, 'trend', { ...spanned(span), by }, signal),
    placeholderData: (before) => before,
  });

export const flakyQuery = (topic: Id, span: Span, limit: number, offset: number) =>
  queryOptions({
    queryKey: [KEY, 'flaky', topic, span, limit, offset],
    queryFn: ({ signal }) =>
      ask<Flake>(
        `/topics/${topic}/flaky_tests`,
        'flaky_tests',
        { ...spanned(span), limit, offset },
        signal,
      ),
    placeholderData: (before) => before,
  });

export type DurationSort = 'slowest' | 'changed';

export const durationsQuery = (topic: Id, span: Span, sort: DurationSort, limit: number) =>
  queryOptions({
    queryKey: [KEY, 'durations', topic, span, sort, limit],
    queryFn: ({ signal }) =>
      ask<DurationChange>(
        `/topics/${topic}/durations`,
        'durations',
        { ...spanned(span), sort, limit },
        signal,
      ),
    placeholderData: (before) => before,
  });

export const coverageQuery = (topic: Id, span: Span, type: string, limit: number, offset: number) =>
  queryOptions({
    queryKey: [KEY, 'coverage', topic, span, type, limit, offset],
    queryFn: ({ signal }) =>
      ask<Coverage>(
        `/topics/${topic}/coverage`,
        'coverage',
        { ...spanned(span), type, limit, offset },
        signal,
      ),
    placeholderData: (before) => before,
  });

export const foundTestsQuery = (topic: Id, q: string, limit: number, offset: number) =>
  queryOptions({
    queryKey: [KEY, 'tests', topic, q, limit, offset],
    queryFn: ({ signal }) =>
      ask<TestRef & { last_seen_at: Moment | null }>(
        '/tests',
        'tests',
        { topic_id: topic, q, limit, offset },
        signal,
      ),
    placeholderData: (before) => before,
  });

export interface TestHistory {
  test: TestRef;
  topic_id: Id;
  days: HistoryDay[];
  runs: HistoryRun[];
  last_good: Sighting | null;
  first_bad: Sighting | null;
  difference: VersionChange[];
  flake: Flake | null;
}

export const historyQuery = (test: string, topic: Id, span: Span, limit: number) =>
  queryOptions({
    queryKey: [KEY, 'history', test, topic, span, limit],
    queryFn: async ({ signal }) =>
      (
        await request<{ history: TestHistory }>(`/tests/${test}/history`, {
          signal,
          query: { topic_id: topic, ...spanned(span), limit },
        })
      ).history,
    placeholderData: (before) => before,
  });

export interface Compare {
  left: string;
  right: string;
  topic?: Id;
  category?: string;
  q?: string;
  limit: number;
  offset: number;
}

export const comparisonQuery = ({ left, right, topic, category, q, limit, offset }: Compare) =>
  queryOptions({
    queryKey: [KEY, 'comparison', left, right, topic, category, q, limit, offset],
    queryFn: async ({ signal }) => {
      const answer = await request<{ comparison: Comparison; _meta?: Meta }>('/comparisons', {
        signal,
        query: { left, right, topic_id: topic, category, q, limit, offset },
      });
      return { ...answer.comparison, count: answer._meta?.count ?? answer.comparison.cases.length };
    },
    placeholderData: (before) => before,
  });

export const statisticsQuery = (rows: string, columns: string, query: string, span: Span) =>
  queryOptions({
    queryKey: [KEY, 'statistics', rows, columns, query, span],
    queryFn: async ({ signal }) =>
      (
        await request<{ statistics: Statistics }>('/job_statistics', {
          signal,
          query: { rows, columns, query, ...spanned(span) },
        })
      ).statistics,
    placeholderData: (before) => before,
  });

export const seriesQuery = (key: string, query: string, span: Span) =>
  queryOptions({
    queryKey: [KEY, 'series', key, query, span],
    queryFn: ({ signal }) =>
      ask<KeyValuePoint>('/keys_values_series', 'series', { key, query, ...spanned(span) }, signal),
    enabled: key !== '',
    placeholderData: (before) => before,
  });
