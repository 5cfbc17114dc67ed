// The connection to the server: the newest status document, whether it still speaks, and what has changed. One stream
// of events while the page is seen; a page in the background asks now and then, so that it holds no connection.
// Used by main.js. Tests: tests/browser/flow_test.mjs.

const SILENCE_MS = 15000;   // without a byte: lost
const RETRY_MS = 2000;
const BACKGROUND_MS = 15000;
const HIDDEN_MS = 60000;    // unseen for so long: no stream of its own
const CHANGES = ['window', 'action', 'action-status', 'alarm', 'reset'];

export const live = {
  state: 'connecting',  // live, lost, ended
  status: null,         // the newest status document
  at: 0,                // performance.now() of its arrival
  since: Date.now(),    // of the last sign of life, or of the loss
  why: '',
};

let source = null, heard = 0, timer = null, hiddenAt = null, background = null;
let changed = () => {}, news = () => {};

// `onChange`: draw anew; `onNews(types)`: documents that hold these are to be asked anew.
export function start(onChange, onNews) {
  changed = onChange;
  news = onNews;
  document.addEventListener('visibilitychange', () => {
    hiddenAt = document.hidden ? performance.now() : null;
    if (!document.hidden && !source) connect();
  });
  setInterval(watch, 1000);
  connect();
}

// A request found the server gone.
export function failed(why) {
  lose(why);
}

// The server's clock, ms since 1970, as it is now.
export function serverNow() {
  return live.status ? Date.parse(live.status.time) + performance.now() - live.at : Date.now();
}

function connect() {
  clearTimeout(timer);
  clearInterval(background);
  background = null;
  source?.close();
  source = new EventSource(`/v1/events?types=status,tick,${CHANGES.slice(0, -1).join(',')}`);
  heard = performance.now();
  const mine = source;
  source.addEventListener('status', (event) => hear() && take(JSON.parse(event.data)));
  source.addEventListener('tick', hear);
  for (const type of CHANGES) source.addEventListener(type, () => { hear(); news([type]); });
  source.onerror = () => {
    if (mine !== source) return;
    drop('the connection broke');
    timer = setTimeout(connect, RETRY_MS);
  };
}

function hear() {
  heard = performance.now();
  return true;
}

function drop(why) {
  source?.close();
  source = null;
  lose(why);
}

function lose(why) {
  if (live.state === 'lost') return;
  if (live.state === 'ended' && live.status) { live.why = why; changed(); return; }
  live.state = 'lost';
  live.why = why;
  live.since = Date.now();
  changed();
}

export function take(status) {
  const first = live.status === null, boot = live.status?.vigil.boot;
  const was = live.state;
  const moved = first || signature(status) !== signature(live.status);
  live.status = status;
  live.at = performance.now();
  live.state = hasEnded(status) ? 'ended' : 'live';
  live.since = Date.now();
  live.why = '';
  if (!first && (boot !== status.vigil.boot || was === 'lost')) reloadIfOther();
  if (moved || was === 'lost') news(['status']);
  changed();
}

// What documents beside the status depend on.
function signature(status) {
  return JSON.stringify([status.streams.map((s) => [s.run, s.ls, s.state, s.open_actions, s.windows.map((w) => [w.name, w.run, w.last_ls])]), status.alarms, status.actions]);
}

export function hasEnded(status) {
  return status.vigil.mode === 'journal' || status.ended === true;
}

async function watch() {
  if (source && performance.now() - heard > SILENCE_MS) {
    drop('nothing came for 15 s');
    timer = setTimeout(connect, RETRY_MS);
  }
  if (hiddenAt !== null && source && performance.now() - hiddenAt > HIDDEN_MS) {
    source.close();
    source = null;
    background = setInterval(ask, BACKGROUND_MS);
  }
}

async function ask() {
  try {
    const answer = await fetch('/v1/status', { headers: { Accept: 'application/json' } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    take(await answer.json());
  } catch {
    lose('the server does not answer');
  }
}

// Assets of another version: the page is loaded anew, once for each of them.
async function reloadIfOther() {
  try {
    const answer = await fetch('/', { cache: 'no-cache' });
    const other = /\/assets\/([^/"]+)\//.exec(await answer.text())?.[1];
    const mine = /\/assets\/([^/]+)\//.exec(import.meta.url)?.[1];
    if (!other || other === mine || sessionStorage.getItem('vigil-assets') === other) return;
    sessionStorage.setItem('vigil-assets', other);
    location.reload();
  } catch {
    // It is gone again: the stream will say so.
  }
}
