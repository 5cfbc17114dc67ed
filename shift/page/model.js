// One model on one stream: what it is, and every monitor of it, worst first.
// Tests: tests/browser/page_test.mjs.
import { ask, here, toMonitor } from './address.js';
import { crossingsFigure } from './crossings.js';
import { el, svg } from './dom.js';
import { LS_SECONDS, instant, number, percent, ranges, span, text } from './format.js';
import { age, shown } from './frame.js';
import { live } from './live.js';
import { sparkline } from './plot_lines.js';
import { counts, FAMILIES, familyOf, mark, rank } from './states.js';
import { tryGet } from './store.js';

export const name = 'model';
export const testid = 'view-model';
export const follows = ['status', 'reset'];

const PAGE = 1000, PAGES = 5;
const AGREEMENT_LS = 10;

export function streamOf(at) {
  const streams = live.status.streams;
  return streams.find((s) => (at.model === undefined || s.model === at.model) && (at.stream === undefined || s.stream === at.stream));
}

export async function load(at, signal) {
  const stream = streamOf(at);
  if (!stream) return {};
  const of = { model: stream.model, stream: stream.stream };
  const window = stream.windows[0];
  const [verdicts, lines, models, bx, alarms] = await Promise.all([
    newestVerdicts(of, stream, signal),
    tryGet(ask('/v1/lumisections', { ...of, run: stream.run, limit: AGREEMENT_LS }), signal),
    tryGet('/v1/models', signal),
    window && window.run === stream.run ? tryGet(ask('/v1/bx', { ...of, window: window.name }), signal) : null,
    tryGet('/v1/alarms', signal),
  ]);
  return { verdicts, lines: lines.items ?? [], model: models.models?.find((m) => m.hash === stream.model_hash) ?? models.models?.find((m) => m.name === stream.model), bx, shelved: shelves(alarms) };
}

// Verdicts of the run, newest first, of each window name until every rule that the status counts is among them.
async function newestVerdicts(of, stream, signal) {
  const rules = stream.families.filter((f) => f.name !== 'data').reduce((sum, f) => sum + f.monitors, 0);
  const names = [...stream.windows.filter((w) => w.run === stream.run).map((w) => w.name), 'sequential'];
  const all = await Promise.all(names.map(async (window) => {
    const items = [], found = new Set();
    let after;
    for (let page = 0; page < PAGES && found.size < rules; page++) {
      const answer = await tryGet(ask('/v1/verdicts', { ...of, run: stream.run, window, limit: PAGE, after }), signal);
      if (answer.problem) return answer;
      for (const v of answer.items) found.add(`${v.monitor}\n${v.statistic}`);
      items.push(...answer.items);
      after = answer.next;
      // Two rounds of all that has been found: nothing else is to come.
      if (!after || found.size * 2 <= items.length) break;
    }
    return { items };
  }));
  return { items: all.flatMap((a) => a.items ?? []), problem: all.find((a) => a.problem)?.problem };
}

// Whether a monitor's node is shelved: it, or what it lies below.
export function shelves(alarms) {
  const nodes = [...(alarms.shelves ?? []).map((s) => s.node), ...(alarms.alarms ?? []).filter((a) => a.shelved_until).map((a) => a.node)];
  return (of, monitor) => {
    const node = `${of.model}/${of.stream}/${monitor}`;
    return nodes.some((n) => node === n || node.startsWith(`${n}/`));
  };
}

// A row a (monitor, statistic): the worst known of the newest under its window names, and the values before it.
export function rowsOf(verdicts, isShelved = () => false) {
  const rules = new Map();
  for (const v of verdicts) {
    const key = `${v.monitor}\n${v.statistic}`;
    if (!rules.has(key)) rules.set(key, new Map());
    const windows = rules.get(key);
    if (!windows.has(v.window)) windows.set(v.window, []);
    windows.get(v.window).push(v);
  }
  const weigh = { bad: 3, medium: 2, good: 1, unknown: 0 };
  return [...rules.values()].map((windows) => {
    const newest = [...windows.values()].map((list) => list[0]);
    const verdict = newest.reduce((a, b) => {
      if (weigh[a.quality] !== weigh[b.quality]) return weigh[b.quality] > weigh[a.quality] ? b : a;
      return (a.window === 'sequential') > (b.window === 'sequential') ? b : a;
    });
    return { ...verdict, state: isShelved(verdict, verdict.monitor) ? 'shelved' : verdict.quality, history: [...windows.get(verdict.window)].reverse().slice(-20) };
  }).sort((a, b) => rank(a.state) - rank(b.state) || over(b) - over(a) || a.monitor.localeCompare(b.monitor, 'en', { numeric: true }));
}
const over = (row) => (row.value !== null && row.limit ? row.value / row.limit : 0);

export function draw(at, data) {
  const stream = streamOf(at);
  if (!stream) {
    return el('main', { 'data-testid': testid }, el('h1', {}, 'No such stream'),
      el('p', { class: 'empty' }, `Nothing is known of ${at.model ?? 'any model'} on ${at.stream ?? 'any stream'}.`));
  }
  const state = shown(stream.state);
  const filter = (at.filter ?? '').toLowerCase();
  const rows = rowsOf(data.verdicts.items, data.shelved).filter((row) => !filter || row.monitor.toLowerCase().includes(filter) || row.statistic.includes(filter) || row.state.includes(filter));
  return el('main', { 'data-testid': testid, 'data-state': state },
    el('div', { class: 'title' }, el('h1', { title: `${stream.model} ${stream.stream}` }, mark(state), ' ', stream.model, el('span', { class: 'faint' }, ` ${stream.stream}`)),
      el('span', { class: 'fixed' }, `run ${stream.run} LS ${stream.ls}, `, age(stream.age_s, 'closed ', ' ago'))),
    el('p', { class: 'lead cut-3', title: stream.reason }, stream.reason || 'Nothing is off.'),
    el('div', { class: 'model-columns' }, el('div', { class: 'families' },
    el('div', { class: 'filter' }, el('label', { for: 'filter' }, 'Monitors'),
      el('input', { id: 'filter', type: 'search', 'data-testid': 'monitor-filter', 'data-filter': true, value: at.filter ?? '', placeholder: 'name, statistic or state', autocomplete: 'off', spellcheck: 'false' }),
      el('span', { class: 'faint' }, data.verdicts.problem ?? `${rows.length} shown`)),
    stream.families.map((family) => familySection(stream, family, rows, data, filter)),
    el('section', { 'aria-labelledby': 'bx-title' }, el('h2', { id: 'bx-title' }, 'Bunch crossings'),
      crossingsFigure('plot-bx', data.bx, null, stream.windows.length ? 'No window of this run has closed yet.' : 'No window has closed yet.'))), facts(stream, data.model)));
}

function pair(term, ...value) {
  return [el('dt', {}, term), el('dd', {}, value)];
}

function facts(stream, model) {
  const c = stream.context, r = stream.reference, b = stream.budget;
  return el('div', { class: 'facts' },
    el('section', {}, el('h2', {}, 'Model'), el('dl', { class: 'pairs' },
      pair('version', text(stream.version)), pair('hash', el('span', { class: 'mono cut', title: stream.model_hash }, stream.model_hash.slice(0, 12))),
      pair('firmware', text(stream.firmware)), pair('format', text(model?.format)), pair('selection', text(stream.selection)), pair('origin', text(stream.origin)))),
    el('section', {}, el('h2', {}, 'Conditions'), el('dl', { class: 'pairs' },
      pair('fill', text(c.fill)), pair('beam mode', text(c.beam_mode)), pair('menu', el('span', { class: 'cut', title: text(c.menu) }, text(c.menu))),
      pair('prescale column', text(c.prescale_column)), pair('pile-up', text(c.pileup)), pair('filling scheme', el('span', { class: 'cut', title: text(c.filling_scheme) }, text(c.filling_scheme))))),
    el('section', {}, el('h2', {}, 'Reference'), el('dl', { class: 'pairs' },
      pair('name', text(r?.name)), pair('learned', r?.wanted ? `${r.learned} of ${r.wanted} lumisections` : text(r?.learned)), pair('events', number(r?.events)), pair('from', text(ranges(r?.ranges))))),
    el('section', {}, el('h2', {}, 'Windows'), el('dl', { class: 'pairs' },
      stream.windows.length ? stream.windows.map((w) => pair(w.name, mark(shown(w.quality)), ` ${span(w.first_ls, w.last_ls)}, ${number(w.events)} events, coverage ${percent(w.coverage)}`)) :
        pair('none', 'no window has closed yet'))),
    el('section', {}, el('h2', {}, 'False-alarm budget, this run'), el('dl', { class: 'pairs' },
      pair('pages', `${number(b.pages)}, ${number(b.expected_pages, 2)} expected by chance`), pair('warnings', `${number(b.warnings)}, ${number(b.expected_warnings, 2)} expected`), pair('judged', `${number(b.judged_ls)} lumisections`))),
    el('section', {}, el('h2', {}, 'This run'), el('dl', { class: 'pairs' }, ['events', 'batches', 'missing', 'late', 'rejected', 'dropped', 'uncovered_orbits', 'wrong_model_events'].map((key) =>
      pair(key.replaceAll('_', ' '), number(stream.counts[key]))), pair('data time', stream.data_time ? `${instant(stream.data_time)}, ${number(stream.lag_s, 3)} s behind` : 'not stated'))));
}

function familySection(stream, family, rows, data, filter) {
  const state = shown(family.state);
  const mine = rows.filter((row) => familyOf(row.monitor) === family.name);
  if (filter && !mine.length) return null;
  return el('section', { class: `family ${state}`, 'data-testid': 'family', 'data-family': family.name, 'data-state': state, 'data-key': `family ${family.name}`, 'aria-label': `family ${family.name}` },
    el('h2', {}, mark(state), ` ${FAMILIES[family.name] ?? family.name} `, el('span', { class: 'counts' }, counts(family)), family.worst ? el('span', { class: 'faint worst' }, ` worst: ${family.worst.reason.includes(family.worst.monitor) ? '' : `${family.worst.monitor} `}${family.worst.reason}`) : null),
    family.name === 'agreement' ? agreement(data.lines) : null,
    family.name === 'rates' ? rates(stream) : null,
    family.name === 'data' ? el('p', { class: 'cut-3' }, family.worst?.reason || 'All of the newest lumisection came, and its newest window can be judged.') : null,
    mine.length ? el('table', { class: 'rows' },
      el('thead', {}, el('tr', {}, ['state', 'monitor', 'statistic', 'window', 'value', 'limit', 'p-value', 'age', 'lately', 'reason'].map((head) =>
        el('th', { scope: 'col', class: head.replace('-', '') }, head)))),
      el('tbody', {}, mine.map((row) => monitorRow(stream, row)))) :
      family.name === 'data' ? null : el('p', { class: 'faint' }, 'Not judged yet in this run.'));
}

function monitorRow(stream, row) {
  const state = shown(row.state);
  const behind = Math.max(0, stream.ls - row.last_ls);
  return el('tr', { class: state, 'data-testid': 'monitor-row', 'data-monitor': row.monitor, 'data-statistic': row.statistic, 'data-state': state, 'data-key': `${row.monitor}\n${row.statistic}` },
    el('td', { class: 'state-cell' }, mark(state)),
    el('th', { scope: 'row', class: 'monitor' }, el('a', { class: 'cut', href: toMonitor(row), title: row.monitor, 'data-stop': true }, row.monitor),
      row.reason ? el('span', { class: 'under cut-3', 'aria-hidden': 'true' }, row.reason) : null),
    el('td', { class: 'statistic' }, row.statistic), el('td', { class: 'window' }, row.window),
    el('td', { class: 'value number' }, number(row.value)), el('td', { class: 'limit number' }, number(row.limit)), el('td', { class: 'pvalue number' }, number(row.p_value, 3)),
    el('td', { class: 'age number' }, age(stream.age_s + behind * LS_SECONDS)),
    el('td', { class: 'lately' }, sparkline(row.history, svg)),
    el('td', { class: 'reason' }, el('span', { class: 'cut', title: row.reason }, row.reason || '')));
}

// Hardware above and below the emulator, never netted: they could cancel.
function agreement(lines) {
  const sums = new Map();
  const add = (key, kind, of, above, below) => {
    const sum = sums.get(key) ?? { kind, compared: 0, above: 0, below: 0 };
    sum.compared += of;
    sum.above += above;
    sum.below += below;
    sums.set(key, sum);
  };
  for (const line of lines) {
    for (const [key, o] of Object.entries(line.outputs ?? {})) add(key, 'output', o.compared, o.hardware_above, o.hardware_below);
    for (const [key, s] of Object.entries(line.seeds ?? {})) add(key, 'seed', s.compared, s.hardware_only, s.emulator_only);
  }
  if (!sums.size) return null;
  const first = lines.at(-1).ls, last = lines[0].ls;
  return el('table', { class: 'small' }, el('caption', {}, `Hardware against emulator, ${span(first, last)}; above and below are counted apart`),
    el('thead', {}, el('tr', {}, ['of', 'compared', 'hardware above', 'hardware below'].map((head, i) => el('th', { scope: 'col', class: i ? 'number' : null }, head)))),
    el('tbody', {}, [...sums].map(([key, sum]) => el('tr', { class: sum.above + sum.below ? 'differs' : null },
      el('th', { scope: 'row' }, el('span', { class: 'cut', title: key }, key), sum.kind === 'seed' ? el('span', { class: 'faint' }, ' seed: only hardware, only emulator') : null),
      el('td', { class: 'number' }, number(sum.compared)), el('td', { class: 'number' }, number(sum.above)), el('td', { class: 'number' }, number(sum.below))))));
}

// The interval as a band around the rate, on an axis that holds target and band.
function rates(stream) {
  if (!stream.rates.length) return null;
  return el('table', { class: 'small' }, el('caption', {}, `Rates in LS ${stream.ls}, with the 95 % interval`),
    el('thead', {}, el('tr', {}, ['seed', 'rate [Hz]', '95 % interval', 'target [Hz]', ''].map((head, i) => (head ? el('th', { scope: 'col', class: i ? 'number' : null }, head) : el('td'))))),
    el('tbody', {}, stream.rates.map((seed) => el('tr', {},
      el('th', { scope: 'row' }, el('a', { class: 'cut', href: toMonitor({ model: stream.model, stream: stream.stream, monitor: `seed/${seed.seed}` }), title: seed.seed }, seed.seed)),
      el('td', { class: 'number' }, number(seed.rate_hz)), el('td', { class: 'number' }, `${number(seed.low_hz)} – ${number(seed.high_hz)}`), el('td', { class: 'number' }, number(seed.target_rate_hz)),
      el('td', { class: 'band-cell' }, band(seed))))));
}

function band(seed) {
  const top = Math.max(seed.high_hz, seed.target_rate_hz ?? 0) * 1.1 || 1;
  const x = (rate) => (100 * rate / top).toFixed(1);
  return svg('svg', { viewBox: '0 0 100 12', preserveAspectRatio: 'none', class: 'band', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', x: 0, y: 5, width: 100, height: 2 }),
    svg('rect', { class: 'interval', x: x(seed.low_hz), y: 2, width: Math.max(0.6, 100 * (seed.high_hz - seed.low_hz) / top).toFixed(1), height: 8 }),
    seed.target_rate_hz ? svg('path', { class: 'target', d: `M${x(seed.target_rate_hz)} 0V12` }) : null);
}
