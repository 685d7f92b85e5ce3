/** A chart over time: uPlot, drawn in the page's colours, with its numbers to take along. */
import 'uplot/dist/uPlot.min.css';
import DownloadIcon from 'icons/download-icon';
import { Button } from 'pf/Button';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useTheme } from '@/app/theme';
import { csvOf, save, type Column } from './export';

export interface Line {
  label: string;
  /** A colour of the theme, as `--rt-chart-good`. */
  color: string;
  values: readonly (number | null)[];
  /** Counts are filled; shares (0 to 1) have a scale of their own; numbers may have gaps. */
  kind: 'count' | 'share' | 'number';
}

interface Props {
  /** What the chart shows, for people who cannot see it and for files. */
  label: string;
  /** Seconds since 1970, ascending. */
  at: readonly number[];
  lines: readonly Line[];
  height?: number;
}

const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

function resolved(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';
}

const SHOWN: Record<Line['kind'], (value: number | null) => string> = {
  count: (value) => (value === null ? '–' : value.toLocaleString('en')),
  share: (value) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`),
  number: (value) => (value === null ? '–' : value.toLocaleString('en')),
};

/** uPlot's description of the lines; shares have their own scale from 0 to 1. */
export function options(
  lines: readonly Line[],
  width: number,
  height: number,
  color: (name: string) => string,
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
    scales: { share: { range: [0, 1] } },
    axes: [
      axis,
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
      { label: 'Day', value: (_, at) => (at === null ? '–' : day(at)) },
      ...lines.map((line) => ({
        label: line.label,
        scale: line.kind,
        stroke: color(line.color),
        fill: line.kind === 'count' ? `${color(line.color)}33` : undefined,
        width: 2,
        points: { show: line.values.length < 40 },
        spanGaps: line.kind === 'number',
        value: (_: uPlot, value: number | null) => SHOWN[line.kind](value),
      })),
    ],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
  };
}

export function Chart({ label, at, lines, height = 260 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const home = box.current;
    if (!home) return undefined;
    const data = [at, ...lines.map((line) => line.values)] as uPlot.AlignedData;
    const made = new uPlot(options(lines, home.clientWidth, height, resolved), data, home);
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
  const picture = () =>
    plot.current?.ctx.canvas.toBlob((blob) => blob && save(blob, `${label}.png`), 'image/png');
  return (
    <figure className="rt-chart" aria-label={label}>
      <div ref={box} className="rt-chart-box" role="img" aria-label={label} />
      <figcaption className="rt-chart-tools">
        <Button variant="link" icon={<DownloadIcon />} onClick={picture}>
          PNG
        </Button>
        <Button
          variant="link"
          icon={<DownloadIcon />}
          onClick={() => save(new Blob([csvOf(columns)], { type: 'text/csv' }), `${label}.csv`)}
        >
          CSV
        </Button>
      </figcaption>
    </figure>
  );
}
