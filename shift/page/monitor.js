// One monitor: its newest window, or the one that the URL names, against the reference; its past; what to do.
// Tests: tests/browser/page_test.mjs, flow_test.mjs.
import { ask, changed, here, toModel } from './address.js';
import { crossingsFigure } from './crossings.js';
import { el } from './dom.js';
import { LS_SECONDS, number, span, text } from './format.js';
import { age, shown } from './frame.js';
import { live } from './live.js';
import { histogramFigures, rateCurveFigure, trendFigure } from './monitor_figures.js';
import { shelves, streamOf } from './model.js';
import { familyOf, mark } from './states.js';
import { tryGet } from './store.js';

export const name = 'monitor';
export const testid = 'view-monitor';
export const follows = ['status', 'window', 'alarm', 'reset'];

const SEQUENTIAL = 'sequential';
const standsStill = (at) => at.run !== undefined || at.ls !== undefined;

// What is judged, in a word, for who does not know the statistic by name.
const STATISTICS = {
  ks: 'largest distance between the two cumulative distributions', chi2: 'squared residuals of the two histograms', rate: 'passes or differences against what is expected',
  psi: 'population stability index', js: 'Jensen-Shannon divergence', wasserstein: 'how far events have moved', hotelling: 'distance of the means, all inputs together',
  pca: 'spread outside the usual correlations', mewma: 'slow common shift of the means', rate_vs_pileup: 'rate against what it is at this pile-up',
};

const ADVICE = {
  agreement: 'Hardware and emulator differ: firmware, model version or input. It is no drift and retraining does not help. Look whether one bunch crossing or one source stands out, then call the trigger expert.',
  inputs: 'An input has moved. Look whether others of the same object moved too: one alone points to the detector or its calibration, many to changed conditions.',
  score: 'The score has moved. Look first at agreement, then at the inputs: drift with inputs moved has its cause there.',
  rates: 'The rate is not the expected one. Look at the score, at the prescale column and at the pile-up before anybody moves a threshold.',
  data: 'Data are missing or late. Look at Inputs for the source.',
};

// What there is comes first: a document that is not there would be an error in the console.
export async function load(at, signal) {
  const stream = streamOf(at);
  if (!stream || !at.monitor) return {};
  const of = { model: stream.model, stream: stream.stream };
  const run = at.run ?? stream.run;
  const isData = at.monitor === 'data';
  const [judged, alarms] = await Promise.all([
    isData ? { items: [] } : tryGet(ask('/v1/verdicts', { ...of, run, monitor: at.monitor, limit: 200 }), signal),
    tryGet('/v1/alarms', signal),
  ]);
  const verdicts = (judged.items ?? []).filter((v) => v.monitor === at.monitor);
  const configured = stream.windows.map((w) => w.name);
  const names = [...configured, ...new Set(verdicts.map((v) => v.window))].filter((n, i, all) => all.indexOf(n) === i && verdicts.some((v) => v.window === n));
  const chosen = at.window ?? names[0];
  const statistics = [...new Set(verdicts.filter((v) => v.window === chosen).map((v) => v.statistic))];
  const statistic = statistics.includes(at.statistic) ? at.statistic : undefined;
  const shape = chosen === SEQUENTIAL || chosen === undefined ? configured[0] : chosen;
  const ls = chosen === SEQUENTIAL ? undefined : at.ls;
  const [trend, windows] = await Promise.all([
    names.includes(chosen) ? tryGet(ask('/v1/trend', { ...of, monitor: at.monitor, statistic, window: chosen, run }), signal) : null,
    shape === undefined || isData ? { items: [] } : tryGet(ask('/v1/windows', { ...of, run, window: shape, first_ls: ls, last_ls: ls, limit: 200 }), signal),
  ]);
  const closed = (windows.items ?? []).some((w) => w.name === shape && (ls === undefined || String(w.last_ls) === String(ls)));
  const seed = at.monitor.startsWith('seed/') ? at.monitor.slice(5) : null;
  const window = { ...of, window: shape, run, ls };
  const isMismatch = at.monitor.startsWith('mismatch/');
  const isShape = closed && verdicts.length > 0 && !seed && !at.monitor.startsWith('multivariate/') && !isSeedMismatch(at.monitor, stream);
  const hasRates = stream.selection === 'zero_bias' && !verdicts.some((v) => v.reason?.includes('no rates'));
  const [histogram, bx, curve, elog] = await Promise.all([
    isShape ? tryGet(ask('/v1/histogram', { ...window, monitor: at.monitor }), signal) : null,
    closed && verdicts.length && (seed || isMismatch) ? tryGet(ask('/v1/bx', window), signal) : null,
    closed && verdicts.length && seed && hasRates ? tryGet(ask('/v1/rate-curve', { ...window, seed }), signal) : null,
    closed && verdicts.length ? tryGet(ask('/v1/elog', { ...window, monitor: at.monitor }), signal) : null,
  ]);
  return { trend, point: trend && pointOf(trend, at), names, chosen, statistics, histogram, bx, curve, alarms, elog };
}

// mismatch/<seed>: a decision has no distance.
function isSeedMismatch(monitor, stream) {
  return monitor.startsWith('mismatch/') && stream.rates.some((seed) => seed.seed === monitor.slice(9));
}

function pointOf(trend, at) {
  if (!trend.points?.length) return null;
  return at.ls === undefined ? trend.points.at(-1) : trend.points.find((p) => String(p.last_ls) === String(at.ls)) ?? null;
}

// Why the monitor is what it is; of a good one how far it is from its limit.
function wordsOf(at, { names = [], trend, point }, stream) {
  const run = at.run ?? stream.run;
  if (point) return point.reason || (point.quality === 'good' ? `${trend.statistic} ${number(point.value)} is within ${number(point.limit)}` : '');
  if (trend?.problem) return trend.problem;
  if (at.window !== undefined && !names.includes(at.window)) return `window ${at.window} has no verdict of it in run ${run}`;
  return at.ls !== undefined ? `nothing was judged at LS ${at.ls} of run ${run}` : 'not judged yet in this run';
}

export function draw(at, data) {
  const stream = streamOf(at);
  if (!stream || !at.monitor) {
    return el('main', { 'data-testid': testid }, el('h1', {}, 'No such monitor'), el('p', { class: 'empty' }, `Nothing is known of ${at.monitor ?? 'a monitor without a name'} of ${at.model ?? 'any model'} on ${at.stream ?? 'any stream'}.`));
  }
  const { trend, point } = data;
  const own = at.monitor === 'data' ? stream.families.find((f) => f.name === 'data') : null;
  const isShelved = shelves(data.alarms ?? {})(stream, at.monitor);
  const state = shown(isShelved ? 'shelved' : own?.state ?? point?.quality ?? 'unknown');
  const reason = own ? own.worst?.reason || (own.state === 'good' ? 'all of the newest lumisection came' : '') : wordsOf(at, data, stream);
  const alarm = data.alarms?.alarms?.find((a) => a.monitor === at.monitor && a.model === stream.model && a.stream === stream.stream);
  return el('main', { 'data-testid': testid, 'data-state': state },
    el('p', { class: 'crumbs' }, el('a', { class: 'cut', href: toModel(stream), title: `${stream.model} ${stream.stream}` }, `${stream.model} ${stream.stream}`)),
    el('div', { class: 'title' }, el('h1', { class: 'cut', title: at.monitor }, at.monitor)),
    el('div', { class: `verdict ${state}` },
      el('span', { class: `state ${state}`, 'data-testid': 'monitor-state' }, mark(state)),
      el('span', { class: 'cut-3', 'data-testid': 'monitor-reason', title: reason }, reason)),
    standing(at, data, stream),
    point ? numbers(trend, point, stream) : null,
    el('div', { class: 'columns' },
      el('div', { class: 'plots' },
        own ? null : histogramFigures(at, data, stream), data.bx ? crossingsFigure('plot-bx', data.bx, at.monitor.startsWith('seed/') ? { kind: 'passes', name: at.monitor.slice(5) } : { kind: 'mismatches', name: at.monitor.slice(9) }, 'No window has closed yet.') : waitingCrossings(at),
        at.monitor.startsWith('seed/') ? rateCurveFigure(data.curve, stream) : null,
        trendFigure(at, trend, point)),
      el('aside', { 'aria-label': 'What to do' },
        guidance(alarm, familyOf(at.monitor)),
        at.monitor.startsWith('mismatch/') && data.bx ? keptTable(data.bx.kept ?? [], at.monitor.slice(9)) : null,
        el('section', {}, el('h2', {}, 'For the logbook'),
          el('pre', { 'data-testid': 'elog-text', tabindex: '0', class: 'elog', role: 'region', 'aria-label': 'text for the logbook' }, typeof data.elog === 'string' ? data.elog : data.elog?.problem ?? 'No window has closed yet.'),
          el('button', { type: 'button', 'data-testid': 'elog-copy', 'data-act': 'copy', 'data-of': 'elog-text' }, 'Copy')))));
}

function waitingCrossings(at) {
  return at.monitor.startsWith('seed/') || at.monitor.startsWith('mismatch/') ? crossingsFigure('plot-bx', null, null, 'No window of this run has closed yet.') : null;
}

// Which window is on screen, the ones beside it, and whether the view follows the data.
function standing(at, { names = [], chosen, statistics = [], trend, point }, stream) {
  const points = trend?.points ?? [];
  const i = point ? points.indexOf(point) : -1;
  const before = i > 0 ? points[i - 1] : null, after = i >= 0 && i < points.length - 1 ? points[i + 1] : null;
  const to = (p) => changed({ run: trend.run, ls: p.last_ls });
  return el('div', { class: 'standing' },
    el('span', { class: 'choices', role: 'group', 'aria-label': 'window' }, names.map((n) => el('a', { href: changed({ window: n, ls: null, statistic: null }), 'aria-current': n === chosen ? 'true' : null }, n))),
    statistics.length > 1 ? el('span', { class: 'choices', role: 'group', 'aria-label': 'statistic' }, statistics.map((n) => el('a', { href: changed({ statistic: n }), 'aria-current': n === trend?.statistic ? 'true' : null }, n))) : null,
    el('button', { type: 'button', 'data-testid': 'window-prev', 'data-act': 'go', disabled: !before, 'data-href': before ? to(before) : null, title: 'window before ([)' }, '‹ before'),
    el('span', { class: 'fixed' }, point ? `run ${trend.run} ${span(point.first_ls, point.last_ls)}` : `run ${at.run ?? stream.run}`),
    el('button', { type: 'button', 'data-testid': 'window-next', 'data-act': 'go', disabled: !after, 'data-href': after ? to(after) : null, title: 'window after (])' }, 'after ›'),
    standsStill(at) ? el('span', { class: 'still' }, 'standing still ', el('a', { 'data-testid': 'follow-live', href: changed({ run: null, ls: null }) }, 'follow the data')) :
      el('span', { class: 'faint' }, live.state === 'ended' ? 'the newest' : 'follows the data'));
}

function numbers(trend, point, stream) {
  const isNow = trend.run === stream.run;
  return el('dl', { class: 'figures' },
    [[trend.statistic, number(point.value), STATISTICS[trend.statistic]], ['limit', number(point.limit)], ['p-value', number(point.p_value, 3)], ['unit', text(trend.unit)],
      ['age', isNow ? age(stream.age_s + Math.max(0, stream.ls - point.last_ls) * LS_SECONDS) : 'an earlier run']].map(([term, value, more]) =>
      el('div', {}, el('dt', {}, term), el('dd', {}, value), more ? el('dd', { class: 'faint' }, more) : null)));
}

function guidance(alarm, family) {
  return el('section', { 'data-testid': 'guidance' }, el('h2', {}, 'What to do'),
    el('p', {}, alarm?.guidance || ADVICE[family]),
    alarm?.contact ? el('p', {}, 'Contact: ', alarm.contact) : null,
    alarm && alarm.latched !== 'ok' ? el('p', {}, `Alarm ${alarm.latched}, ${alarm.acknowledged ? 'acknowledged' : 'not acknowledged'}, since run ${alarm.run} LS ${alarm.ls}. `, el('a', { href: '/actions' }, 'Alarms')) : null);
}

// Events on which hardware and emulator disagree, word by word, those of this output or seed first.
function keptTable(kept, name) {
  const mine = kept.filter((e) => e.differ.includes(name));
  return el('section', { 'data-testid': 'kept-events' }, el('h2', {}, 'Kept events'),
    !mine.length ? el('p', { class: 'faint' }, 'None is kept of this window.') :
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'kept events, hardware and emulator side by side' }, el('table', { class: 'small mono' },
        el('thead', {}, el('tr', {}, ['LS', 'orbit', 'BX', 'hardware', 'emulator'].map((head) => el('th', { scope: 'col' }, head)))),
        el('tbody', {}, mine.map((e) => el('tr', {}, [e.ls, e.orbit, e.bx, words(e.hardware, e.emulator), words(e.emulator, e.hardware)].map((cell) => el('td', {}, cell))))))));
}

// Words of one side; those that are not the other's stand out.
function words(mine, others) {
  if (!mine.length) return 'not sent';
  return mine.map((word, i) => [i ? ' ' : '', word === others[i] ? String(word) : el('strong', {}, String(word))]);
}
