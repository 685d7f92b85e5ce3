/** A report's message as a person reads it: its text when it has one, else its data. */
export function messageText(body: unknown): string {
  if (typeof body === 'string') return body;
  if (typeof body === 'object' && body !== null && 'text' in body) {
    const { text } = body;
    if (typeof text === 'string') return text;
  }
  return JSON.stringify(body, null, 2);
}
