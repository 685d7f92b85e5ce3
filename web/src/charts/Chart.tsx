/** A chart over time: uPlot, drawn in the page's colours, with its numbers to take along. */
import 'uplot/dist/uPlot.min.css';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useTheme } from '@/app/theme';
import { resolved } from './colours';
import { csvOf, save, type Column } from './export';

export interface Line {
  label: string;
  /** A colour of the theme, as `--rt-chart-good`. */
  color: string;
  values: readonly (number | null)[];
  /** Counts are filled; shares (0 to 1) have a scale of their own; numbers may have gaps. */
  kind: 'count' | 'share' | 'number';
  /** Drawn only when a person asks for it in the legend. */
  hidden?: boolean;
}

interface Props {
  /** What the chart shows, for people who cannot see it and for files. */
  label: string;
  /** Seconds since 1970, ascending. */
  at: readonly number[];
  lines: readonly Line[];
  height?: number;
  /** What the server said; else the lines are the file. */
  json?: unknown;
}

const DAY = 86_400;

const isDay = (seconds: number): boolean => seconds % DAY === 0;

/** Where points are days, there is nothing to mark between them. */
const STEPS = [1, 2, 7, 14, 28, 91, 182, 365].map((days) => days * DAY);

const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

const SHOWN: Record<Line['kind'], (value: number | null) => string> = {
  count: (value) => (value === null ? '–' : value.toLocaleString('en')),
  share: (value) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`),
  number: (value) => (value === null ? '–' : value.toLocaleString('en')),
};

/** Where the scale of shares begins: near the least, since 98 and 99 % are not the same. Pure. */
export const floorOf = (least: number | null): number =>
  least === null ? 0 : Math.max(0, Math.floor(least * 20 - 0.2) / 20);

/** One day alone stands in the middle of three: by itself uPlot would show years after it. Pure. */
export function span(at: ArrayLike<number>, from: number, to: number): [number, number] {
  const only = at.length === 1 ? at[0] : undefined;
  return only === undefined ? [from, to] : [only - DAY, only + DAY];
}

/** uPlot's description of the lines; shares have a scale of their own that ends at 1. */
export function options(
  lines: readonly Line[],
  width: number,
  height: number,
  color: (name: string) => string,
  byDay: boolean,
): uPlot.Options {
  const ink = color('--rt-text');
  const axis: uPlot.Axis = {
    stroke: ink,
    grid: { stroke: color('--rt-line'), width: 1 },
    ticks: { stroke: color('--rt-line'), width: 1 },
  };
  const kinds = [...new Set(lines.map((line) => line.kind))];
  return {
    width,
    height,
    scales: {
      x: { range: ({ data }, from, to) => span(data[0], from, to) },
      share: { range: (_, least) => [floorOf(least), 1] },
      count: { range: (_, _least, most) => [0, Math.max(1, (most ?? 0) * 1.05)] },
    },
    axes: [
      byDay ? { ...axis, incrs: STEPS, space: 90, values: (_, ticks) => ticks.map(day) } : axis,
      ...kinds.map((kind, at) => ({
        ...axis,
        scale: kind,
        side: at === 0 ? 3 : 1,
        size: 64,
        grid: at === 0 ? axis.grid : { show: false },
        values: (_: uPlot, ticks: number[]) => ticks.map((tick) => SHOWN[kind](tick)),
      })),
    ],
    series: [
      { label: 'Day (UTC)', value: (_, at) => (at === null ? '–' : day(at)) },
      ...lines.map((line) => ({
        label: line.label,
        scale: line.kind,
        stroke: color(line.color),
        fill: line.kind === 'count' ? `${color(line.color)}33` : undefined,
        width: 2,
        show: !line.hidden,
        points: { show: line.values.length < 40 },
        spanGaps: line.kind === 'number',
        value: (_: uPlot, value: number | null) => SHOWN[line.kind](value),
      })),
    ],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
  };
}

export function Chart({ label, at, lines, height = 260, json }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const home = box.current;
    if (!home) return undefined;
    const data = [at, ...lines.map((line) => line.values)] as uPlot.AlignedData;
    const made = new uPlot(options(lines, home.clientWidth, height, resolved, at.every(isDay)), data, home);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: home.clientWidth, height }));
    watch.observe(home);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [at, lines, height, theme]);

  const columns: Column[] = [
    { name: 'day', values: at.map(day) },
    ...lines.map((line) => ({ name: line.label, values: line.values })),
  ];
  const keep = (text: string, end: 'csv' | 'json') =>
    save(new Blob([text], { type: end === 'csv' ? 'text/csv' : 'application/json' }), `${label}.${end}`);
  const picture = () =>
    plot.current?.ctx.canvas.toBlob((blob) => blob && save(blob, `${label}.png`), 'image/png');
  return (
    <figure className="rt-chart" aria-label={label}>
      <div ref={box} className="rt-chart-box" role="img" aria-label={label} />
      <figcaption className="rt-chart-tools" role="group" aria-label="The chart as a file">
        <Button variant="link" icon={<DownloadIcon />} onClick={picture}>
          PNG
        </Button>
        <Button variant="link" icon={<DownloadIcon />} onClick={() => keep(csvOf(columns), 'csv')}>
          CSV
        </Button>
        <Button
          variant="link"
          icon={<DownloadIcon />}
          onClick={() => keep(JSON.stringify(json ?? { at: at.map(day), lines }, null, 2), 'json')}
        >
          JSON
        </Button>
      </figcaption>
    </figure>
  );
}
