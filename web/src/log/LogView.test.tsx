import { act, fireEvent, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { LogStore } from './LogStore';
import { LogView } from './LogView';
import { RowModel, sectionsOf } from './rows';
import { TALLEST } from './scrollSpace';

const LINES = 5_000_000;

async function show(line: number | null, wrap = false) {
  const store = new LogStore(async (from, limit) => ({
    attempt: 1,
    from_line: from,
    lines: Array.from({ length: Math.min(limit, LINES - from) }, (_, at) => `text ${from + at + 1}`),
    total_lines: LINES,
    complete: true,
  }));
  await store.open();
  const nothing = () => undefined;
  const view = () => (
    <LogView
      store={store}
      model={model}
      folded={none}
      matcher={null}
      current={null}
      range={null}
      target={target}
      follow={false}
      wrap={wrap}
      onFollow={nothing}
      onFold={nothing}
      onLine={nothing}
    />
  );
  const model = new RowModel(sectionsOf([], LINES), new Set());
  const none = new Set<string>();
  const target = line === null ? null : { line: line - 1, at: 0 };
  const { rerender } = render(view());
  store.subscribe(() => act(() => rerender(view())));
  return screen.getByRole('log');
}

test.each([1, 2_500_000, 4_999_990, LINES])('line %d of five million is shown where its link leads', async (line) => {
  const log = await show(line);
  await screen.findByText(`text ${line}`);
  const number = screen.getByRole('link', { name: `Line ${line}` });
  expect(number.getAttribute('href')).toBe(`#L${line}`);
  expect(log.querySelectorAll('.rt-log-row').length).toBeLessThan(150);
  const row = number.parentElement;
  const top = Number(/translateY\((.+)px\)/.exec(row?.style.transform ?? '')?.[1]);
  expect(top - log.scrollTop).toBeGreaterThanOrEqual(0);
  expect(top - log.scrollTop).toBeLessThan(log.clientHeight);
  expect(top).toBeLessThan(TALLEST);
});

test('the thumb at half the way shows the middle, a wheel from there the next lines', async () => {
  const log = await show(null);
  const to = (top: number) => {
    log.scrollTop = top;
    fireEvent.scroll(log);
  };
  to((TALLEST - log.clientHeight) / 2);
  await screen.findByText('text 2500000');
  to(log.scrollTop + 400);
  await screen.findByText('text 2500060');
  to(TALLEST - log.clientHeight);
  await screen.findByText(`text ${LINES}`);
});

test('wrapped lines are as high as they come out, and the line of the link stays', async () => {
  const log = await show(2_500_000, true);
  await screen.findByText('text 2500000');
  const top = (line: number) => {
    const row = screen.getByRole('link', { name: `Line ${line}` }).parentElement;
    return Number(/translateY\((.+)px\)/.exec(row?.style.transform ?? '')?.[1]);
  };
  expect(top(2_500_001) - top(2_500_000)).toBe(40);
  expect(top(2_500_000) - log.scrollTop).toBeGreaterThanOrEqual(0);
  expect(top(2_500_000) - log.scrollTop).toBeLessThan(log.clientHeight);
});
