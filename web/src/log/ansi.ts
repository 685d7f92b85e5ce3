/**
 * ANSI colours to spans, as data: nothing here makes HTML, so nothing in a log
 * can become markup. Knows SGR (16, 256 and 24-bit colours, bold, dim, italic,
 * underline, inverse); every other escape sequence is dropped.
 */
export interface Style {
  fg?: string;
  bg?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
}

export interface Span {
  text: string;
  style: Style;
}

export const PLAIN: Style = Object.freeze({});

// ESC [ … letter (CSI), ESC ] … BEL or ESC \ (OSC, e.g. links and titles), ESC + one character.
// An OSC without an end hides nothing: what follows it is text.
const ESCAPE = /\u001b(?:\[([0-9;:?<=>!]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_()#][0-9A-B]?)/g;
const OTHER_CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Basic colours are class names (`ansi-3`), so that themes can choose their shades. */
function basic(index: number): string {
  return `ansi-${index}`;
}

function cube(index: number): string {
  if (index < 16) return basic(index);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const at = index - 16;
  return `rgb(${level(Math.floor(at / 36))},${level(Math.floor(at / 6) % 6)},${level(at % 6)})`;
}

const byte = (value: number | undefined) => Math.min(255, Math.max(0, value ?? 0));

/** Reads `38;5;n` or `38;2;r;g;b`; tells how many codes it used after the first. */
function extended(codes: number[], at: number): [string | undefined, number] {
  if (codes[at + 1] === 5) return [cube(byte(codes[at + 2])), 2];
  if (codes[at + 1] === 2) {
    const [r, g, b] = [codes[at + 2], codes[at + 3], codes[at + 4]].map(byte);
    return [`rgb(${r},${g},${b})`, 4];
  }
  return [undefined, 1];
}

function applyCodes(style: Style, codes: number[]): Style {
  let now: Style = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) now = {};
    else if (code === 1) now.bold = true;
    else if (code === 2) now.dim = true;
    else if (code === 3) now.italic = true;
    else if (code === 4) now.underline = true;
    else if (code === 7) now.inverse = true;
    else if (code === 22) now = { ...now, bold: undefined, dim: undefined };
    else if (code === 23) now.italic = undefined;
    else if (code === 24) now.underline = undefined;
    else if (code === 27) now.inverse = undefined;
    else if (code >= 30 && code <= 37) now.fg = basic(code - 30);
    else if (code >= 90 && code <= 97) now.fg = basic(code - 82);
    else if (code >= 40 && code <= 47) now.bg = basic(code - 40);
    else if (code >= 100 && code <= 107) now.bg = basic(code - 92);
    else if (code === 39) now.fg = undefined;
    else if (code === 49) now.bg = undefined;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, at);
      if (code === 38) now.fg = colour;
      else now.bg = colour;
      at += used;
    }
  }
  return now;
}

function tidy(style: Style): Style {
  const entries = Object.entries(style).filter(([, value]) => value !== undefined);
  return entries.length ? (Object.fromEntries(entries) as Style) : PLAIN;
}

/** What a terminal would still show after carriage returns: the last rewrite of the line. */
export function lastRewrite(line: string): string {
  const text = line.replace(/[\r\n]+$/, '');
  const at = text.lastIndexOf('\r');
  return at < 0 ? text : text.slice(at + 1);
}

/** Spans of one line, and the style that the next line begins with. */
export function parseLine(line: string, start: Style = PLAIN): { spans: Span[]; end: Style } {
  const text = lastRewrite(line);
  const spans: Span[] = [];
  let style = start;
  let from = 0;
  const add = (piece: string) => {
    const clean = piece.replace(OTHER_CONTROLS, '');
    if (clean) spans.push({ text: clean, style });
  };
  for (const match of text.matchAll(ESCAPE)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') {
      const codes = (match[1] ?? '').split(/[;:]/).map((code) => Number(code) || 0);
      style = tidy(applyCodes(style, codes));
    }
  }
  add(text.slice(from));
  return { spans, end: style };
}

/** The line as a person reads it, for searching and copying. */
export function plainText(line: string): string {
  return lastRewrite(line).replace(ESCAPE, '').replace(OTHER_CONTROLS, '');
}
