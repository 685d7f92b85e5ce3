/** What jsdom lacks, and a fake server in place of the network. */
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { installServer, uninstallServer } from './server';

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

vi.stubGlobal('ResizeObserver', NoObserver);
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;
window.scrollTo = () => undefined;
Object.defineProperty(window, 'matchMedia', {
  writable: true,
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }),
});
// There is no canvas to draw on.
vi.mock('uplot', () => ({
  default: class {
    static tzDate = (date: Date) => date;
    setSize(): void {}
    destroy(): void {}
  },
}));
// Virtual lists ask for sizes; without a layout everything would be 0 high.
for (const [name, size] of [['clientHeight', 600], ['clientWidth', 1000], ['offsetHeight', 40]] as const) {
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
}
// The first test of a file also loads the pages' code.
configure({ asyncUtilTimeout: 30_000 });

beforeEach(() => {
  localStorage.clear();
  installServer();
});
afterEach(() => {
  cleanup();
  uninstallServer();
});
