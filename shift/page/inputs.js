// What sends, and what was lost on the way. Tests: tests/browser/page_test.mjs.
import { el } from './dom.js';
import { bytes, number, text } from './format.js';
import { age, shown } from './frame.js';
import { live } from './live.js';
import { mark, rank } from './states.js';
import { tryGet } from './store.js';

export const name = 'inputs';
export const testid = 'view-inputs';
export const follows = ['status', 'window', 'reset'];

const COUNTS = ['batches', 'missing', 'late', 'duplicate', 'rejected', 'dropped', 'restarts'];

export async function load(at, signal) {
  return tryGet('/v1/sources', signal);
}

export function draw(at, data) {
  const groups = new Map();
  for (const source of data.sources ?? []) {
    const key = `${source.model}\n${source.stream}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(source);
  }
  return el('main', { 'data-testid': testid },
    el('h1', {}, 'Inputs'),
    pipeline(live.status.pipeline),
    data.problem ? el('p', { class: 'problem' }, data.problem) : null,
    groups.size === 0 && !data.problem ? el('p', { class: 'empty' }, 'No source has sent anything yet.') : null,
    [...groups].map(([key, sources]) => group(key, sources)));
}

function group(key, sources) {
  const { model, stream } = sources[0];
  const sorted = [...sources].sort((a, b) => rank(shown(a.state)) - rank(shown(b.state)) || a.source.localeCompare(b.source, 'en', { numeric: true }));
  return el('section', { 'data-key': key, 'aria-label': `sources of ${model.slice(0, 80)} ${stream.slice(0, 80)}` },
    el('h2', { class: 'cut', title: `${model} ${stream}` }, `${model} ${stream}`),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `sources of ${model.slice(0, 80)} ${stream.slice(0, 80)}, table` },
      el('table', { class: 'rows sources' },
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'state'), el('th', { scope: 'col' }, 'source'), el('th', { scope: 'col', class: 'number' }, 'last batch'), el('th', { scope: 'col', class: 'number' }, 'orbits behind'),
          COUNTS.map((name) => el('th', { scope: 'col', class: 'number' }, name)), el('th', { scope: 'col' }, 'rejected because'))),
        el('tbody', {}, sorted.map(row)))),
    el('p', { class: 'faint' }, `Counts: the newest lumisection (run ${sources[0].run} LS ${sources[0].ls}), and below it the whole run.`));
}

function row(source) {
  const state = shown(source.state);
  const causes = Object.entries(source.rejected_by ?? {});
  return el('tr', { class: state, 'data-testid': 'source-row', 'data-source': source.source, 'data-state': state, 'data-key': source.source },
    el('td', { class: 'state-cell' }, mark(state)),
    el('th', { scope: 'row', 'data-stop': true, tabindex: '0' }, el('span', { class: 'cut', title: source.source }, source.source || '(no name)'), source.in_set ? null : el('span', { class: 'faint' }, ' not in the set'),
      source.newest?.silent_since_ls ? el('span', { class: 'under' }, `silent since LS ${source.newest.silent_since_ls}`) : null),
    el('td', { class: 'number' }, age(source.age_s)),
    el('td', { class: 'number' }, number(source.behind_orbits)),
    COUNTS.map((name) => el('td', { class: 'number' }, count(name, source.newest?.[name], ''), count(name, source.totals?.[name], 'under faint'))),
    el('td', {}, causes.length ? causes.map(([cause, n]) => el('span', { class: 'under' }, `${cause}: ${number(n)}`)) : '–'));
}

// Red where something is lost: in the newest lumisection, or in the run.
function count(name, n, more) {
  return el('span', { class: `${more} ${name !== 'batches' && n ? 'lost' : ''}` }, number(n ?? null));
}

function pipeline(p) {
  const filled = p.queue_capacity ? p.queue_frames / p.queue_capacity : 0;
  const figures = [['events a second', number(p.events_per_s, 3)], ['queue', `${number(p.queue_frames)} of ${number(p.queue_capacity)} frames`], ['dropped', number(p.dropped)], ['journal', text(p.journal)], ['journal size', bytes(p.journal_bytes)]];
  return el('section', { 'data-testid': 'pipeline', 'aria-label': 'pipeline' }, el('h2', {}, 'Pipeline ', age(0, 'as of ', ' ago')),
    el('dl', { class: 'figures' }, figures.map(([term, value], i) => el('div', { class: (i === 1 && filled > 0.8) || (i === 2 && p.dropped) || (i === 3 && p.journal !== 'ok') ? 'lost' : null }, el('dt', {}, term), el('dd', {}, value)))));
}
