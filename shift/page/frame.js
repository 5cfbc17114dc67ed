// What stands on every view: headline, banner, connection, clock, navigation, help; and the ages that run on.
// Used by main.js. Tests: tests/browser/page_test.mjs.
import { link } from './address.js';
import { el, plain } from './dom.js';
import { age as words, utc } from './format.js';
import { live, serverNow } from './live.js';
import { known, mark } from './states.js';

// A state as it is shown: where the server is gone nothing is known to be so any more.
export function shown(state) {
  return live.state === 'lost' ? 'stale' : known(state);
}

// The age of what came at `born`, by performance.now().
export function ageSince(born, prefix = '', suffix = '') {
  const now = Math.max(0, (performance.now() - born) / 1000);
  return el('span', { class: 'age', 'data-testid': 'age', 'data-born': Math.round(born), 'data-age-s': now.toFixed(1), 'data-prefix': prefix, 'data-suffix': suffix },
    prefix + words(now) + suffix);
}

// The age of something that was `seconds` old when the newest status document came; runs on by itself.
export function age(seconds, prefix = '', suffix = '') {
  if (seconds === null || seconds === undefined) return el('span', { class: 'age', 'data-testid': 'age', 'data-age-s': '' }, 'age not known');
  return ageSince(live.at - seconds * 1000, prefix, suffix);
}

export function runAges() {
  for (const node of document.querySelectorAll('[data-born]')) {
    const now = Math.max(0, (performance.now() - Number(node.dataset.born)) / 1000);
    node.dataset.ageS = now.toFixed(1);
    const text = node.dataset.prefix + words(now) + node.dataset.suffix;
    if (node.textContent !== text) node.textContent = text;
  }
  const clock = document.querySelector('[data-testid="clock"]');
  if (clock) clock.textContent = `${utc(serverNow())} UTC`;
  const connection = document.querySelector('[data-testid="connection"]');
  if (connection) connection.replaceChildren(...connectionWords());
}

function connectionWords() {
  const since = words((Date.now() - live.since) / 1000);
  if (live.state === 'live') return ['live'];
  if (live.state === 'ended') return [live.status?.vigil.mode === 'journal' ? 'journal' : 'ended', live.why ? ', server gone' : ''];
  if (live.state === 'connecting') return ['connecting'];
  return [`lost ${utc(live.since)} UTC, ${since} ago`];
}

const LINKS = [['/', 'Overview', 'o'], ['/actions', 'Actions', 'a'], ['/inputs', 'Inputs', 'i'], ['/runs', 'Runs', 'r']];

export function frame(at, name) {
  const status = live.status;
  const state = status ? shown(status.state) : 'stale';
  const reason = !status ? 'no answer from the server yet' : live.state === 'lost' ? `no connection since ${utc(live.since)} UTC (${live.why})` :
    status.reason || (status.streams.length ? `all ${status.streams.length === 1 ? 'is' : `${status.streams.length} streams are`} good` : 'no stream yet');
  document.title = plain(`${state.toUpperCase()} ${name} – vigil`);
  const wall = at.wall === '1';
  return el('header', { class: 'frame', 'data-key': 'frame' },
    wall ? null : el('a', { class: 'skip', href: '#view' }, 'Skip to content'),
    el('div', { class: 'bar' },
      wall ? null : el('nav', { 'aria-label': 'Views' }, el('span', { class: 'brand' }, 'vigil'),
        LINKS.map(([path, label]) => el('a', { href: link(path), 'aria-current': at.path === path ? 'page' : null }, label,
          path === '/actions' && status?.actions.open ? el('span', { class: 'count' }, ` ${status.actions.open}`) : null))),
      el('div', { class: 'tools' },
        el('span', { class: `connection ${live.state}`, 'data-testid': 'connection' }, connectionWords()),
        el('span', { class: 'clock', 'data-testid': 'clock', 'data-own': true }, `${utc(serverNow())} UTC`),
        wall ? null : [
          el('button', { type: 'button', 'data-testid': 'theme-toggle', 'data-act': 'theme', title: 'dark or light (t)' }, 'Theme'),
          el('button', { type: 'button', 'data-testid': 'wall-toggle', 'data-act': 'wall', title: 'for a screen on the wall (w)' }, 'Wall'),
          el('button', { type: 'button', 'data-testid': 'help', 'data-act': 'help', title: 'keys and shapes (?)' }, 'Help')])),
    el('div', { class: `headline ${state}`, 'data-testid': 'headline', 'data-state': state },
      mark(state), el('span', { class: 'reason', title: reason }, reason),
      status?.banner.length ? el('span', { class: 'banner', 'data-testid': 'banner' }, status.banner.join(' · ')) : null));
}

let said = null;
// What changed is read out; the first drawing is no change.
export function announce() {
  const status = live.status;
  if (!status) return;
  const now = new Map(status.streams.map((s) => [`${s.model} ${s.stream}`, shown(s.state)]));
  if (live.state === 'lost') now.set('connection', 'lost');
  if (said !== null) {
    const words = [...now].filter(([key, state]) => said.get(key) !== state).map(([key, state]) => `${key.slice(0, 80)}: ${state}`);
    if (said.has('connection') && !now.has('connection')) words.push('connected again');
    if (words.length) document.getElementById('announcer').textContent = plain(words.join('. '));
  }
  said = now;
}

const KEYS = [['o a i r', 'overview, actions, inputs, runs'], ['/', 'filter'], ['j k', 'next and previous tile or row'], ['Enter', 'open it'],
  ['[ ]', 'window before and after'], ['l', 'follow the newest data'], ['t', 'dark or light'], ['w', 'wall'], ['?', 'this help']];
const MEANING = { good: 'as the reference', medium: 'look when you can', bad: 'look now', unknown: 'cannot be judged, the reason says why',
  stale: 'no new data: what you see is old', shelved: 'put aside by a person for a while' };

export function helpDialog() {
  return el('dialog', { 'aria-labelledby': 'help-title', class: 'help' },
    el('h2', { id: 'help-title' }, 'Keys and shapes'),
    el('dl', { class: 'pairs' }, KEYS.map(([key, text]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, text)])),
    el('dl', { class: 'pairs' }, Object.entries(MEANING).map(([state, text]) => [el('dt', {}, mark(state)), el('dd', {}, text)])),
    el('p', {}, 'In a strip of lumisections: bad is full height, medium two thirds, good a third, unknown a line.'),
    el('form', { method: 'dialog' }, el('button', { autofocus: true }, 'Close')));
}
