import { expect, test } from 'vitest';
import { EventReader, type ServerEvent } from './events';

const TOLD = [
  ': hello\n\n',
  'event: matches\r\ndata: {"a":\r\ndata: 1}\r\n\r\n',
  'id: 7\nevent: end\ndata: {}\n\ndata: plain\n\n',
].join('');
const EVENTS = [
  { type: 'matches', data: '{"a":\n1}' },
  { type: 'end', data: '{}' },
  { type: 'message', data: 'plain' },
];

test.each([1, 2, 7, 1000])('events are whole however the text is cut (%i)', (size) => {
  const reader = new EventReader();
  const found: ServerEvent[] = [];
  for (let at = 0; at < TOLD.length; at += size) found.push(...reader.feed(TOLD.slice(at, at + size)));
  expect(found).toEqual(EVENTS);
});
