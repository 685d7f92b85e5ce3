// Fails when what a browser must load before the first page is too much.
// Counts the entry, everything it imports statically, and the heaviest route on top.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const out = process.env.RINGTEST_WEB_OUT ?? fileURLToPath(new URL('../../src/ringtest/control/static', import.meta.url));
const LIMITS = { script: 300_000, style: 100_000 };

const manifest = JSON.parse(readFileSync(`${out}/.vite/manifest.json`, 'utf8'));
const weigh = (file) => gzipSync(readFileSync(`${out}/${file}`)).length;

/** Files of a chunk and of all that it imports statically. */
function filesOf(key, found = { script: new Set(), style: new Set() }) {
  const chunk = manifest[key];
  if (found.script.has(chunk.file)) return found;
  found.script.add(chunk.file);
  for (const css of chunk.css ?? []) found.style.add(css);
  for (const other of chunk.imports ?? []) filesOf(other, found);
  return found;
}

const total = (files) => [...files].reduce((sum, file) => sum + weigh(file), 0);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const routes = manifest[entry].dynamicImports ?? [];
let failed = false;
console.log('first load, gzip     script     style');
for (const route of [null, ...routes]) {
  const files = filesOf(entry);
  if (route) filesOf(route, files);
  const [script, style] = [total(files.script), total(files.style)];
  const bad = script > LIMITS.script || style > LIMITS.style;
  failed ||= bad;
  const name = route ? route.replace(/^.*\//, '').replace('.tsx', '') : 'entry alone';
  console.log(`${name.padEnd(18)}${kb(script)} ${kb(style)}${bad ? '  TOO BIG' : ''}`);
}
if (failed) {
  console.error(`limits: script ${kb(LIMITS.script).trim()}, style ${kb(LIMITS.style).trim()}`);
  process.exit(1);
}
