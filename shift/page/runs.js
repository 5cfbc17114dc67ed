// Runs and their quality by lumisection, with a link to what was bad. Tests: tests/browser/page_test.mjs.
import { ask, link } from './address.js';
import { el } from './dom.js';
import { instant, number, span } from './format.js';
import { strip } from './states.js';
import { live } from './live.js';
import { age } from './frame.js';
import { tryGet } from './store.js';

export const name = 'runs';
export const testid = 'view-runs';
export const follows = ['status', 'reset'];

const SHOWN = 200;

export async function load(at, signal) {
  const runs = await tryGet(ask('/v1/runs', { run: at.run }), signal);
  if (runs.problem) return runs;
  const shown = runs.runs.slice(0, SHOWN);
  // What was bad first in each bad range, so that its link opens a monitor; one question a run and stream, of few.
  const bad = shown.filter((run) => run.quality.bad > 0).slice(0, 20);
  const causes = await Promise.all(bad.map((run) => tryGet(ask('/v1/verdicts', { model: run.model, stream: run.stream, run: run.run, quality: 'bad', limit: 300 }), signal)));
  return { runs: shown, left: runs.runs.length - shown.length, causes: new Map(bad.map((run, i) => [key(run), (causes[i].items ?? []).filter((v) => v.quality === 'bad' && v.window !== 'sequential')])) };
}

const key = (run) => `${run.run}\n${run.model}\n${run.stream}`;

export function draw(at, data) {
  return el('main', { 'data-testid': testid },
    el('h1', {}, at.run === undefined ? 'Runs' : `Run ${at.run}`),
    at.run !== undefined ? el('p', {}, 'Standing at one run. ', el('a', { href: link('/runs'), 'data-testid': 'follow-live' }, 'all runs, as they come')) : null,
    data.problem ? el('p', { class: 'problem' }, data.problem) : null,
    data.runs && !data.runs.length ? el('p', { class: 'empty' }, at.run === undefined ? 'No run has a lumisection yet.' : `Run ${at.run} has no lumisection here.`) : null,
    el('div', { class: 'runs' }, (data.runs ?? []).map((run) => row(run, data, at))),
    data.left ? el('p', { class: 'faint' }, `${data.left} older ones are left out.`) : null);
}

function row(run, data, at) {
  const q = run.quality;
  const words = ['bad', 'medium', 'good', 'unknown'].filter((name) => q[name]).map((name) => `${number(q[name])} ${name}`).join(', ') || 'none judged';
  const now = live.status.streams.find((s) => s.model === run.model && s.stream === run.stream && s.run === run.run);
  return el('article', { class: 'run', 'data-testid': 'run-row', 'data-run': run.run, 'data-model': run.model, 'data-stream': run.stream, 'data-key': key(run), 'data-stop': true, tabindex: '0', 'aria-label': `run ${run.run}` },
    el('div', { class: 'run-head' },
      el('h2', {}, el('a', { href: link('/runs', { run: run.run }) }, `Run ${run.run}`)),
      el('span', { class: 'cut', title: `${run.model} ${run.stream}` }, `${run.model} ${run.stream}`),
      el('span', { class: 'fixed faint' }, `fill ${run.fill ?? '–'} · ${span(run.first_ls, run.last_ls)} · ${number(run.events)} events · ${run.start ? instant(run.start) : 'start not stated'}`),
      now ? age(now.age_s, 'closed ', ' ago') : null),
    strip(run.ranges, 1, Math.max(1, run.last_ls), `run ${run.run} by quality: ${words}`),
    el('div', { class: 'run-foot' },
      el('span', {}, words), el('span', {}, `${run.actions} ${run.actions === 1 ? 'action' : 'actions'}`),
      run.marks.length ? el('details', {}, el('summary', {}, `${run.marks.length} ${run.marks.length === 1 ? 'mark' : 'marks'}`), el('ul', { class: 'plain' }, run.marks.slice(0, 100).map((m) =>
        el('li', { class: 'cut', title: String(m.to) }, `LS ${m.ls}: ${m.kind} ${m.from === null ? '' : `${m.from} → `}${m.to ?? ''}`)))) : el('span', { class: 'faint' }, 'no marks')),
    bads(run, data.causes?.get(key(run)) ?? []));
}

const excess = (v) => (v.value !== null && v.limit ? v.value / v.limit : 0);

function bads(run, verdicts) {
  const ranges = run.ranges.filter(([, , quality]) => quality === 'bad');
  if (!ranges.length) return null;
  return el('ul', { class: 'bads', 'aria-label': 'bad ranges' }, ranges.slice(0, 50).map(([first, last]) => {
    const cause = verdicts.filter((v) => v.first_ls <= last && v.last_ls >= first).sort((a, b) => excess(b) - excess(a) || a.last_ls - b.last_ls)[0];
    const to = cause ? link('/monitor', { model: run.model, stream: run.stream, monitor: cause.monitor, window: cause.window, run: run.run, ls: cause.last_ls }) :
      link('/model', { model: run.model, stream: run.stream });
    return el('li', {}, el('a', { href: to, class: 'bad-link cut', title: cause?.reason }, `${span(first, last)} bad${cause ? `: ${cause.monitor} ${cause.statistic}` : ''}`));
  }));
}
