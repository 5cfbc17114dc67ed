// What the tests of the page share: Debian's chromium, the fixture server, vigil itself, and words about failures.
// Exit code 77 says that something to test with is not installed. Used by every *_test.mjs here and by screenshots.mjs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const SOURCE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MODULES = process.env.VIGIL_BROWSER_MODULES ?? path.join(SOURCE, 'build/browser/node_modules');
const CHROMIUM = process.env.VIGIL_CHROMIUM ?? '/usr/bin/chromium';
export const PAGE_MODULES = process.env.VIGIL_PAGE_MODULES ?? path.join(SOURCE, 'build/page/node_modules');

export const SIZES = { phone: { width: 390, height: 844 }, laptop: { width: 1366, height: 768 }, desk: { width: 1920, height: 1080 } };

export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

function required(name) {
  if (!existsSync(path.join(MODULES, name))) skip(`${name} is not there; ./dev setup --browser installs it`);
  return createRequire(path.join(MODULES, 'x.js'))(name);
}

export async function launch() {
  if (!existsSync(CHROMIUM)) skip('chromium is not there; ./dev setup --browser installs it');
  const { chromium } = required('playwright-core');
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

export function axeSource() {
  return required('axe-core').source;
}

// A program that says where it listens; `stop` ends it and waits.
export function serve(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  const url = new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said = (said + chunk).slice(-20000);
      const found = /listening on (https?:\/\/\S+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}: ${said.slice(-2000)}`)));
  });
  return { url, ended, said: () => said, child, stop: async (signal = 'SIGTERM') => { child.kill(signal); await ended; } };
}

export function fixture(scenario, port = 0, modules = PAGE_MODULES) {
  return serve('/usr/bin/python3', [path.join(SOURCE, 'tests/browser/fixture_server.py'), scenario, path.join(SOURCE, 'shift/page'), modules, String(port)]);
}

// A page whose console and requests are watched: `page.problems` holds what went wrong, `page.bytes()` what came over the wire.
export async function open(browser, url, { size = SIZES.desk, dark = false } = {}) {
  const context = await browser.newContext({ viewport: size, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.problems = [];
  page.requested = [];
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(`console: ${message.text()} ${message.location().url}`); });
  page.on('pageerror', (error) => page.problems.push(`exception: ${error.message}`));
  page.on('request', (request) => page.requested.push(request.url()));
  await page.goto(url);
  await ready(page);
  return page;
}

export async function ready(page, timeout = 15000) {
  await page.waitForSelector('[data-testid="app"][data-ready="true"]', { timeout });
}

export async function drawn(page, timeout = 15000) {
  await page.waitForFunction(() => [...document.querySelectorAll('figure')].every((f) => f.dataset.drawn === 'true'), null, { timeout });
}

// Checks that fail with words; a test ends with `finish()`.
let failed = 0, passed = 0;
export function check(what, ok, found = '') {
  if (ok) { passed++; return; }
  failed++;
  console.log(`FAILED: ${what}${found === '' ? '' : `: found ${typeof found === 'string' ? found : JSON.stringify(found)}`}`);
}
export function finish() {
  console.log(`${passed} checks passed, ${failed} failed`);
  process.exit(failed ? 1 : passed ? 0 : 1);
}
