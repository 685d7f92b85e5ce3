/**
 * A log that may have a million lines, of which only the seen ones are here.
 * Lines live in chunks that are asked for when the screen needs them; live lines
 * are appended at the end. No React: components subscribe to `version`.
 */
import type { LogMatch, LogPage } from '@/api/types';
import { PLAIN, parseLine, plainText, type Span, type Style } from './ansi';
import type { Matcher } from './matcher';

export const CHUNK = 1000;
/** So many chunks are kept: who scrolls through millions of lines must not keep them all. */
const MOST_CHUNKS = 200;
const RETRY_MS = 3_000;

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

type Fetch = (fromLine: number, limit: number) => Promise<LogPage>;

interface Parsed {
  spans: Span[];
  end: Style;
}

export class LogStore {
  total = 0;
  complete = false;
  loaded = false;
  error: Error | null = null;
  version = 0;

  private readonly lines = new Map<number, string>();
  private readonly parsed = new Map<number, Parsed>();
  private readonly asking = new Set<number>();
  /** Chunks that were asked for, the one looked at last at the end. */
  private readonly seen = new Set<number>();
  /** Chunks that came short, with the length of the log at that time: asked again when it grew. */
  private readonly short = new Map<number, number>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly fetch: Fetch) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): number => this.version;

  /** Everything is here: a search needs no server. */
  get whole(): boolean {
    return this.loaded && this.lines.size === this.total;
  }

  has(line: number): boolean {
    return this.lines.has(line);
  }

  text(line: number): string | undefined {
    const raw = this.lines.get(line);
    return raw === undefined ? undefined : plainText(raw);
  }

  /** Spans of a line; colours carry over from the line before it, when that is known. */
  spans(line: number): Span[] | undefined {
    const known = this.parsed.get(line);
    if (known) return known.spans;
    const raw = this.lines.get(line);
    if (raw === undefined) return undefined;
    const parsed = parseLine(raw, this.parsed.get(line - 1)?.end ?? PLAIN);
    this.parsed.set(line, parsed);
    return parsed.spans;
  }

  /** First answer: how long the log is, and its first chunk. */
  async open(): Promise<void> {
    await this.load(0);
  }

  /** Asks for the chunks of these lines that are missing. */
  need(first: number, last: number): void {
    const end = Math.min(last, this.total - 1);
    for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK <= end; chunk += 1) {
      this.seen.delete(chunk);
      this.seen.add(chunk);
      if (!this.hasChunk(chunk) && this.short.get(chunk) !== this.total) void this.load(chunk);
    }
  }

  private hasChunk(chunk: number): boolean {
    const last = Math.min((chunk + 1) * CHUNK, this.total) - 1;
    return this.lines.has(chunk * CHUNK) && this.lines.has(last);
  }

  private async load(chunk: number): Promise<void> {
    if (this.asking.has(chunk)) return;
    this.asking.add(chunk);
    try {
      this.seen.add(chunk);
      await this.fetchChunk(chunk);
      this.error = null;
      this.forget();
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error));
      if (this.loaded) await pause(RETRY_MS);
    } finally {
      this.asking.delete(chunk);
    }
    this.changed();
  }

  /** Drops what was looked at longest ago. */
  private forget(): void {
    for (const chunk of this.seen) {
      if (this.seen.size <= MOST_CHUNKS) return;
      this.seen.delete(chunk);
      for (let line = chunk * CHUNK; line < (chunk + 1) * CHUNK; line += 1) {
        this.lines.delete(line);
        this.parsed.delete(line);
      }
    }
  }

  /** The server sends fewer lines at once when they are long: go on until the chunk is here. */
  private async fetchChunk(chunk: number): Promise<void> {
    let from = chunk * CHUNK;
    const end = from + CHUNK;
    for (;;) {
      const page = await this.fetch(from, end - from);
      this.loaded = true;
      this.complete ||= page.complete;
      this.total = Math.max(this.total, page.total_lines);
      this.put(page.from_line, page.lines);
      from = page.from_line + page.lines.length;
      if (from >= Math.min(end, this.total)) return;
      if (page.lines.length === 0) {
        this.short.set(chunk, this.total);
        return;
      }
    }
  }

  /** Live lines. A line sent again (the last one, when it grew) replaces what was there. */
  append(fromLine: number, lines: readonly string[]): void {
    this.put(fromLine, lines);
    this.total = Math.max(this.total, fromLine + lines.length);
    this.loaded = true;
    this.changed();
  }

  end(): void {
    this.complete = true;
    this.changed();
  }

  private put(fromLine: number, lines: readonly string[]): void {
    lines.forEach((line, at) => {
      this.lines.set(fromLine + at, line);
      this.parsed.delete(fromLine + at);
    });
  }

  /** Lines here that fit, ascending, at most `limit`, with `context` lines around each. */
  search(matcher: Matcher, limit: number, context = 0): LogMatch[] {
    const found: LogMatch[] = [];
    for (let line = 0; line < this.total && found.length < limit; line += 1) {
      const text = this.text(line);
      if (text === undefined || matcher(text).length === 0) continue;
      found.push({
        line,
        text,
        before: this.texts(line - context, line),
        after: this.texts(line + 1, line + 1 + context),
      });
    }
    return found;
  }

  private texts(from: number, to: number): string[] {
    const lines: string[] = [];
    for (let line = Math.max(0, from); line < Math.min(to, this.total); line += 1) {
      lines.push(this.text(line) ?? '');
    }
    return lines;
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
