// Starts the page: the view that the URL names is loaded, drawn, and drawn anew whenever its documents change. What a
// view is: `load(at, signal)` gives its documents, `draw(at, data)` a <main>, `figures` are drawn after it.
// Tests: tests/browser/page_test.mjs, flow_test.mjs.
import { here, onArrival } from './address.js';
import { el, patch } from './dom.js';
import { drawFigures } from './figure.js';
import { frame, announce, runAges } from './frame.js';
import { listen } from './keys.js';
import { live, start } from './live.js';
import { listenToControls, setProblem } from './controls.js';
import * as overview from './overview.js';
import * as model from './model.js';
import * as monitor from './monitor.js';
import * as actions from './actions.js';
import * as inputs from './inputs.js';
import * as runs from './runs.js';
import { Gone } from './store.js';

const VIEWS = { '/': overview, '/model': model, '/monitor': monitor, '/actions': actions, '/inputs': inputs, '/runs': runs };

// However fast results come: documents are asked anew at most so often, so that fifty pages cost the server little.
const REST_MS = 700;

let data = null, shown = '', loading = null, again = false, planned = false, askedAt = -REST_MS, waiting = null;

function applyTheme(at) {
  const dark = at.theme ? at.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.body.dataset.theme = dark ? 'dark' : 'light';
  document.documentElement.dataset.theme = document.body.dataset.theme;
  document.body.dataset.wall = at.wall === '1' ? 'true' : 'false';
}

// Which documents the view needs; another one, and what was loaded is of no use.
function needed(at) {
  const { theme, wall, log, filter, ...rest } = at;
  return JSON.stringify(rest);
}

// News have come: ask, once the last time is long enough ago.
function refresh() {
  waiting ??= setTimeout(() => { waiting = null; load(); }, Math.max(0, askedAt + REST_MS - performance.now()));
}

async function load() {
  if (!live.status) return;
  if (loading) { again = true; return; }
  askedAt = performance.now();
  const at = here(), key = needed(at);
  const abort = new AbortController();
  loading = { key, abort };
  let fresh = null;
  try {
    fresh = await VIEWS[at.path].load(at, abort.signal);
  } catch (error) {
    if (error.name !== 'AbortError' && !(error instanceof Gone)) {
      console.error(error);
      fresh = { failure: error.message };
    }
  }
  loading = null;
  if (needed(here()) === key && fresh) {
    data = { ...fresh, at: performance.now() };
    shown = key;
    draw();
  } else if (needed(here()) !== key) {
    again = true;
  }
  if (again) {
    again = false;
    if (data === null) load();
    else refresh();
  }
}

function arrive() {
  const at = here();
  applyTheme(at);
  if (needed(at) === shown) { draw(); return; }
  document.body.dataset.ready = 'false';
  setProblem('');
  data = null;
  if (loading) { again = true; loading.abort.abort(); } else load();
  draw();
  window.scrollTo(0, 0);
}

function draw() {
  if (planned) return;
  planned = true;
  queueMicrotask(drawNow);
}

function drawNow() {
  planned = false;
  const at = here();
  const view = VIEWS[at.path];
  const isCurrent = data !== null && needed(at) === shown;
  document.body.dataset.live = live.state === 'connecting' ? 'lost' : live.state;
  const main = isCurrent && data.failure ? el('main', { 'data-testid': view.testid }, el('h1', {}, 'This cannot be shown'), el('p', { class: 'problem' }, data.failure)) :
    isCurrent ? view.draw(at, data) : el('main', { 'data-testid': view.testid, class: 'waiting', 'aria-busy': 'true' },
    el('p', { class: 'hint' }, live.status ? 'Asking the server …' : 'Waiting for the server …'));
  main.setAttribute('id', 'view');
  main.setAttribute('tabindex', '-1');
  const fresh = el('div', { id: 'page' }, frame(at, view.name), main);
  patch(document.getElementById('page'), fresh);
  for (const field of document.querySelectorAll('[data-filter]')) {
    if (field !== document.activeElement) field.value = field.getAttribute('value') ?? '';
  }
  runAges();
  announce();
  if (isCurrent) {
    drawFigures();
    document.body.dataset.ready = 'true';
  }
}

applyTheme(here());
onArrival(arrive);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { applyTheme(here()); draw(); });
addEventListener('resize', () => drawFigures());
document.addEventListener('click', (event) => {
  const anchor = event.target.closest?.('a[href]');
  if (!anchor || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(anchor.href, location.href);
  if (url.origin !== location.origin || !(url.pathname in VIEWS) || anchor.target) return;
  event.preventDefault();
  history.pushState(null, '', url.pathname + url.search);
  arrive();
  document.getElementById('view')?.focus({ preventScroll: true });
});
listen();
listenToControls(load);
setInterval(runAges, 1000);
draw();
start(() => { draw(); if (data === null) load(); }, (types) => { if (types.some((type) => VIEWS[here().path].follows.includes(type))) refresh(); });
