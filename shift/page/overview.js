// The overview: a tile a stream, worst first; all of it from the status document, but the strip of lumisections.
// Tests: tests/browser/page_test.mjs, flow_test.mjs.
import { ask, toModel } from './address.js';
import { el } from './dom.js';
import { number } from './format.js';
import { age, shown } from './frame.js';
import { live } from './live.js';
import { counts, FAMILIES, mark, rank, shape, strip } from './states.js';
import { tryGet } from './store.js';

export const name = 'overview';
export const testid = 'view-overview';
export const follows = ['status', 'reset'];

const STRIP = 60;

// Certification of the newest runs of the streams: one question a run number, whatever the number of streams.
export async function load(at, signal) {
  const numbers = [...new Set(live.status.streams.map((s) => s.run))].slice(0, 8);
  const answers = await Promise.all(numbers.map((run) => tryGet(ask('/v1/runs', { run }), signal)));
  return { runs: answers.flatMap((answer) => answer.runs ?? []) };
}

export function draw(at, data) {
  const streams = [...live.status.streams].sort((a, b) => rank(shown(a.state)) - rank(shown(b.state)) || rank(a.state) - rank(b.state) ||
    a.model.localeCompare(b.model) || a.stream.localeCompare(b.stream));
  return el('main', { 'data-testid': testid, class: `overview tiles-${Math.min(streams.length, 7)}` },
    el('h1', { class: 'unseen' }, 'Overview'),
    streams.length ? el('div', { class: 'tiles' }, streams.map((stream) => tile(stream, data))) :
      el('p', { class: 'empty' }, 'No lumisection has closed yet. Tiles appear here with the first one.'));
}

function tile(stream, data) {
  const state = shown(stream.state);
  const run = data.runs.find((r) => r.run === stream.run && r.model === stream.model && r.stream === stream.stream);
  const reason = live.state === 'lost' ? `was ${stream.state}${stream.reason ? ': ' + stream.reason : ''}` : stream.reason;
  return el('a', {
    class: `tile ${state}`, 'data-testid': 'tile', 'data-model': stream.model, 'data-stream': stream.stream, 'data-state': state,
    'data-key': `${stream.model}\n${stream.stream}`, 'data-stop': true, href: toModel(stream),
  },
    el('div', { class: 'tile-top' },
      el('span', { class: `state ${state}`, 'data-testid': 'tile-state' }, shape(state), el('span', { class: 'word' }, state.toUpperCase())),
      el('h2', { title: stream.model }, stream.model)),
    el('p', { class: 'tile-where' },
      el('span', { class: 'cut', title: `${stream.stream} ${stream.version}` }, `${stream.stream}${stream.version ? ' · ' + stream.version : ''}`),
      el('span', { 'data-testid': 'tile-run', class: 'fixed' }, `run ${stream.run} LS ${stream.ls}`),
      el('span', { 'data-testid': 'tile-age', class: 'fixed' }, age(stream.age_s))),
    el('p', { class: 'tile-reason', 'data-testid': 'tile-reason', title: reason }, reason || 'Nothing is off.'),
    el('ul', { class: 'tile-families' }, stream.families.map((family) => tileFamily(family))),
    el('ul', { class: 'tile-rates', 'aria-label': 'rates' }, stream.rates.slice(0, 4).map(rate),
      stream.rates.length > 4 ? el('li', {}, `and ${stream.rates.length - 4} more seeds`) : null),
    el('div', { class: 'tile-strip' }, lumisections(stream, run)),
    el('p', { class: 'tile-actions' },
      stream.open_actions ? `${stream.open_actions} open ${stream.open_actions === 1 ? 'action' : 'actions'}` : 'no open action'));
}

function tileFamily(family) {
  const state = shown(family.state);
  return el('li', { class: state, 'data-testid': 'tile-family', 'data-family': family.name, 'data-state': state, 'data-key': family.name },
    shape(state), el('span', { class: 'family-name' }, FAMILIES[family.name] ?? family.name), el('span', { class: 'word' }, state.toUpperCase()),
    el('span', { class: 'counts' }, counts(family)));
}

// Of a rate from its target, in whole percent: what is less is noise.
function deviation(off) {
  const whole = Math.round(100 * off);
  return whole === 0 ? 'on target' : `${whole < 0 ? '−' : '+'}${Math.abs(whole)} %`;
}

function rate(seed) {
  const off = seed.target_rate_hz ? seed.rate_hz / seed.target_rate_hz - 1 : null;
  return el('li', {},
    el('span', { class: 'cut', title: seed.seed }, seed.seed),
    el('span', { class: 'fixed', title: `95 % interval ${number(seed.low_hz)} to ${number(seed.high_hz)} Hz` }, `${number(seed.rate_hz)} Hz`),
    el('span', { class: 'fixed faint' }, seed.target_rate_hz ? `target ${number(seed.target_rate_hz)}${off === null ? '' : ` (${deviation(off)})`}` : 'no target'));
}

function lumisections(stream, run) {
  const last = run ? Math.max(run.last_ls, stream.ls) : stream.ls;
  const first = Math.max(1, last - STRIP + 1);
  if (!run) return el('span', { class: 'faint' }, 'no certification yet');
  const tally = {};
  for (const [a, b, quality] of run.ranges) {
    const n = Math.min(b, last) - Math.max(a, first) + 1;
    if (n > 0) tally[quality] = (tally[quality] ?? 0) + n;
  }
  const words = Object.entries(tally).map(([quality, n]) => `${n} ${quality}`).join(', ');
  return [strip(run.ranges, first, last, `LS ${first} to ${last} by quality: ${words}`), el('span', { class: 'strip-label faint' }, `LS ${first}–${last}`)];
}
