/** Times of the wire are naive UTC; people see their own zone. */
import type { Moment } from '@/api/types';

export function toDate(moment: Moment): Date {
  return new Date(/(Z|[+-]\d\d:?\d\d)$/.test(moment) ? moment : `${moment}Z`);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });

/** "3 minutes ago", "in 2 hours", "just now" (within 10 s). */
export function ago(moment: Moment, now: number): string {
  const seconds = Math.round((toDate(moment).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return 'just now';
  const [unit, length] = UNITS.find(([, least]) => size >= least) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / length), unit as Intl.RelativeTimeFormatUnit);
}

const local = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
  timeZoneName: 'short',
});

/** In the user's zone, with the zone's name. */
export function absolute(moment: Moment): string {
  return local.format(toDate(moment));
}

export function utc(moment: Moment): string {
  return `${toDate(moment).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** 3_725 seconds read "1 h 2 min"; below a minute "4.2 s"; below a second "12 ms". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return join(minutes, 'min', whole % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(hours, 'h', minutes % 60, 'min');
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
}

export function between(from: Moment, to: Moment | null, now: number): number {
  const end = to ? toDate(to).getTime() : now;
  return Math.max(0, (end - toDate(from).getTime()) / 1000);
}
