import { expect, test } from 'vitest';
import { lastRewrite, parseLine, plainText } from './ansi';

const ESC = '\u001b[';
const texts = (line: string) => parseLine(line).spans.map((span) => span.text);

test('plain text is one span without style', () => {
  expect(parseLine('hello').spans).toEqual([{ text: 'hello', style: {} }]);
});

test('the sixteen colours are names that a theme can fill', () => {
  expect(parseLine(`${ESC}31mred${ESC}92mgreen`).spans).toEqual([
    { text: 'red', style: { fg: 'ansi-1' } },
    { text: 'green', style: { fg: 'ansi-10' } },
  ]);
});

test('256 and 24-bit colours become rgb', () => {
  expect(parseLine(`${ESC}38;5;196mx`).spans[0]?.style.fg).toBe('rgb(255,0,0)');
  expect(parseLine(`${ESC}48;5;232mx`).spans[0]?.style.bg).toBe('rgb(8,8,8)');
  expect(parseLine(`${ESC}38;2;1;2;999mx`).spans[0]?.style.fg).toBe('rgb(1,2,255)');
  expect(parseLine(`${ESC}38;5;3mx`).spans[0]?.style.fg).toBe('ansi-3');
});

test('codes after an extended colour still count', () => {
  expect(parseLine(`${ESC}38;5;1;1mx`).spans[0]?.style).toEqual({ fg: 'ansi-1', bold: true });
});

test('reset and single resets take styles away', () => {
  const { spans, end } = parseLine(`${ESC}1;4;31ma${ESC}22mb${ESC}39mc${ESC}md`);
  expect(spans.map((span) => span.style)).toEqual([
    { bold: true, underline: true, fg: 'ansi-1' },
    { underline: true, fg: 'ansi-1' },
    { underline: true },
    {},
  ]);
  expect(end).toEqual({});
});

test('a style goes on in the next line', () => {
  const { end } = parseLine(`${ESC}33mwarn`);
  expect(parseLine('still', end).spans).toEqual([{ text: 'still', style: { fg: 'ansi-3' } }]);
});

test('other escape sequences and controls vanish', () => {
  expect(texts(`${ESC}2K${ESC}1;1Ha\u001b]0;title\u0007b\u001b(Bc\u0007\u0000`).join('')).toBe('abc');
  expect(texts('\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\').join('')).toBe('link');
});

test('markup in a log stays text', () => {
  expect(texts('<img src=x onerror=alert(1)>')).toEqual(['<img src=x onerror=alert(1)>']);
});

test('a carriage return rewrites the line, a final one does not', () => {
  expect(lastRewrite('10%\r50%\r100%\r\n')).toBe('100%');
  expect(plainText(`${ESC}32m10%\r${ESC}32mdone${ESC}0m`)).toBe('done');
});

test('an unfinished sequence does no harm', () => {
  expect(parseLine(`a${ESC}3`).spans[0]?.text).toBe('a[3');
  expect(plainText('a\u001b]0;not hidden')).toBe('a]0;not hidden');
});
