/** The days that a question is about, as the address bar keeps them. Pure. */
import type { Span } from '@/api/queries/questions';

const DAY = 86_400_000;
const SHAPE = /^\d{4}-\d\d-\d\d$/;

export const dayOf = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

/** Choices of the picker, in days. */
export const LENGTHS = [7, 30, 90, 365] as const;

/** The last 30 days unless the address says otherwise; what makes no sense is not believed. */
export function readSpan(params: URLSearchParams, now: number): Span {
  const asked = (name: string) => {
    const text = params.get(name) ?? '';
    return SHAPE.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
  };
  const to = asked('to') ?? dayOf(now);
  const from = asked('from') ?? dayOf(Date.parse(to) - 29 * DAY);
  const lab = params.get('lab') ?? undefined;
  const team = params.get('team') ?? undefined;
  return { from: from > to ? to : from, to, ...(lab && { lab }), ...(team && { team }) };
}

/** How many days a span has, both ends counted. */
export function lengthOf({ from, to }: Span): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY) + 1;
}

/** Days that end where the span ends. */
export function lasting(span: Span, days: number): Pick<Span, 'from' | 'to'> {
  return { from: dayOf(Date.parse(span.to) - (days - 1) * DAY), to: span.to };
}

/** Points of a chart are wide enough to be told apart. */
export function stepFor(days: number): 'day' | 'week' | 'month' {
  if (days <= 92) return 'day';
  return days <= 550 ? 'week' : 'month';
}
