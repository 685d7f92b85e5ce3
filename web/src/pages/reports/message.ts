/** A report's message: the words that a person reads, and the data that a program gets. Pure. */
export interface Message {
  words: string | null;
  data: string | null;
}

export function messageOf(body: unknown): Message {
  if (typeof body === 'string') return { words: body, data: null };
  const data = JSON.stringify(body, null, 2);
  if (typeof body === 'object' && body !== null && 'text' in body && typeof body.text === 'string') {
    return { words: body.text, data };
  }
  return { words: null, data };
}
