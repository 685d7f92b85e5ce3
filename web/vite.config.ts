/** Builds the UI into the control server's package; `--mode mock` serves a fake API beside it. */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { mockApi } from './mock/plugin.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.RINGTEST_URL ?? 'http://127.0.0.1:8000';

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === 'mock' ? [mockApi()] : [])],
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${here('./src')}/` },
      { find: /^pf\//, replacement: '@patternfly/react-core/dist/esm/components/' },
      { find: /^icons\//, replacement: '@patternfly/react-icons/dist/esm/icons/' },
    ],
  },
  server: mode === 'mock' ? {} : { proxy: { '/api': server, '/schema': server } },
  build: {
    outDir: process.env.RINGTEST_WEB_OUT ?? here('../src/ringtest/control/static'),
    emptyOutDir: true,
    manifest: true,
    sourcemap: false,
    // Small images stay files: a strict content policy forbids data: addresses.
    assetsInlineLimit: 0,
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./test/setup.ts'],
    css: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    restoreMocks: true,
    server: { deps: { inline: [/@patternfly/] } },
  },
}));
