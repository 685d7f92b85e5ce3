/** Server-sent events out of pieces of text that end anywhere. Pure. */
export interface ServerEvent {
  type: string;
  data: string;
}

export class EventReader {
  private held = '';
  private type = '';
  private data: string[] = [];

  /** The events that this piece completes. */
  feed(text: string): ServerEvent[] {
    const lines = (this.held + text).split('\n');
    this.held = lines.pop() ?? '';
    return lines.flatMap((line) => this.line(line.replace(/\r$/, '')));
  }

  private line(line: string): ServerEvent[] {
    if (line === '') {
      const event = { type: this.type || 'message', data: this.data.join('\n') };
      const told = this.data.length > 0;
      this.type = '';
      this.data = [];
      return told ? [event] : [];
    }
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') this.type = value;
    if (name === 'data') this.data.push(value);
    return [];
  }
}
