// The figures of a monitor's view: overlay, ratio, residuals, distance, rate curve, trend. Tests: tests/browser/page_test.mjs.
import { changed, go } from './address.js';
import { el } from './dom.js';
import { figure } from './figure.js';
import { number, ranges, span } from './format.js';
import { distance, overlay, ratio, residual } from './plot_histogram.js';
import { rateCurve, trend } from './plot_lines.js';

// window run 1 LS 31-40, 20011 events; reference learn:20, run 1 LS 1-20, 40012 events
function caption(h) {
  const window = `window run ${h.run} ${span(h.first_ls, h.last_ls)}, ${h.window_events} events`;
  return h.reference ? `${window}; reference ${h.reference.name}, ${ranges(h.reference.ranges)}, ${h.reference_events} events` : `${window}; no reference`;
}

export function histogramFigures(at, data, stream) {
  const h = data.histogram;
  if (at.monitor.startsWith('seed/')) return null;
  const isMismatch = at.monitor.startsWith('mismatch/');
  const nothing = !h ? (at.monitor.startsWith('multivariate/') ? 'This monitor looks at all columns together: it has no histogram of its own.' : isMismatch && stream.windows.length ? 'The decisions of a seed have no distance.' :
    'No window of this run has closed yet.') : h.problem ?? (h.window_counts.length ? null : isMismatch ? 'No event differs in this window.' : 'The window holds no event.');
  const version = nothing ? '' : [h.run, h.window, h.last_ls, h.reference, at.monitor];
  const words = nothing ? '' : caption(h);
  const rows = (columns) => h.window_counts.map((n, i) => [`${number(h.edges[i])} – ${number(h.edges[i + 1])}`, ...columns.map((c) => (typeof c[i] === 'number' && !Number.isInteger(c[i]) ? number(c[i]) : c[i]))]);
  const bins = `${h?.monitor}${h?.unit ? ` [${h.unit}]` : ''}`;
  if (isMismatch) {
    return figure({ testid: 'plot-distance', title: 'Distance of hardware from emulator', nothing, caption: words, version, height: 260,
      label: nothing ? '' : `histogram of hardware minus emulator in LSB for the ${h.window_events} events that differ`,
      draw: (place, width) => distance(place, width, h), table: () => ({ head: ['hardware − emulator [LSB]', 'events'], rows: rows([h.window_counts]) }) });
  }
  const isLog = at.log === '1';
  const isBare = !nothing && !h.reference_counts.length;
  const noRatio = nothing ?? (isBare ? 'There is no reference yet to compare with.' : null);
  return [
    el('div', { class: 'plot-tools', 'data-key': 'plot-tools' },
      el('button', { type: 'button', 'data-testid': 'axis-log', 'data-act': 'log', 'aria-pressed': String(isLog) }, 'Log axis'),
      el('span', { class: 'key' }, el('span', { class: 'swatch line', 'aria-hidden': 'true' }), 'window'), el('span', { class: 'key' }, el('span', { class: 'swatch area', 'aria-hidden': 'true' }), 'reference, scaled'),
      h?.thresholds?.length ? el('span', { class: 'key' }, el('span', { class: 'swatch dash', 'aria-hidden': 'true' }), h.thresholds.map((t) => `${t.seed} at ${number(t.value)}`).join(', ')) : null),
    figure({ testid: 'plot-overlay', title: 'Window over reference', nothing, caption: words, version: [version, isLog], height: 330,
      label: nothing ? '' : `histogram of ${at.monitor.slice(0, 80)}: ${words}`,
      draw: (place, width) => overlay(place, width, h, isLog), table: () => ({ head: [bins, 'window', ...(isBare ? [] : ['reference'])], rows: rows(isBare ? [h.window_counts] : [h.window_counts, h.reference_counts]) }) }),
    figure({ testid: 'plot-ratio', title: 'Ratio, window to reference', nothing: noRatio, caption: words, version, height: 170,
      label: noRatio ? '' : `ratio of window to reference, bin by bin, ${extremes(h.ratio)}`,
      draw: (place, width) => ratio(place, width, h), table: () => ({ head: [bins, 'ratio'], rows: rows([h.ratio]) }) }),
    figure({ testid: 'plot-residual', title: 'Residuals, in standard deviations', nothing: noRatio, caption: words, version, height: 170,
      label: noRatio ? '' : `residuals bin by bin, ${extremes(h.residual)}`,
      draw: (place, width) => residual(place, width, h), table: () => ({ head: [bins, 'residual'], rows: rows([h.residual]) }) }),
  ];
}

function extremes(list) {
  const known = list.filter((v) => v !== null);
  return known.length ? `from ${number(Math.min(...known))} to ${number(Math.max(...known))}` : 'none is known';
}

export function rateCurveFigure(curve, stream) {
  const nothing = stream.selection !== 'zero_bias' ? `No rates: the selection is ${stream.selection || 'not stated'}, and a biased one has none.` : !curve ? 'No window of this run has closed yet.' : curve.problem ?? (curve.threshold.length ? null : 'No event in this window.');
  return figure({ testid: 'plot-rate-curve', title: 'Rate against threshold', nothing, height: 300, version: nothing ? '' : [curve.run, curve.window, curve.last_ls, curve.seed],
    label: nothing ? '' : `rate against threshold of ${curve.seed.slice(0, 80)}: ${number(curve.current_rate_hz)} Hz at the current threshold ${curve.current_threshold}, target ${number(curve.target_rate_hz)} Hz`,
    caption: nothing ? '' : `window run ${curve.run} ${span(curve.first_ls, curve.last_ls)}, ${curve.events} events; ${number(curve.current_rate_hz)} Hz at the threshold ${curve.current_threshold} that is set${curve.nearest === null ? '' : `; nearest to the target ${curve.nearest}`}`,
    draw: (place, width) => rateCurve(place, width, curve),
    table: () => ({ head: ['threshold', 'value', 'rate [Hz]', 'from', 'to'], rows: curve.threshold.map((t, i) => [t, number(curve.value[i]), number(curve.rate_hz[i]), number(curve.low_hz[i]), number(curve.high_hz[i])]) }) });
}

export function trendFigure(at, document, point) {
  const nothing = !document ? (at.monitor === 'data' ? 'Data are judged by their counts, which stand under Inputs.' : 'Nothing has been judged yet in this run.') : document.problem ?? (document.points.length ? null : 'Nothing has been judged yet in this run.');
  const to = (p) => changed({ run: document.run, ls: p.last_ls });
  return figure({ testid: 'plot-trend', title: 'Trend', nothing, height: 260, version: nothing ? '' : [document.run, document.window, document.statistic, document.monitor, document.points.length, document.points.at(-1), point?.last_ls, document.marks, document.gaps],
    label: nothing ? '' : `${document.statistic} of ${document.monitor.slice(0, 80)} against the lumisections of run ${document.run}: ${document.points.length} windows, newest ${number(document.points.at(-1).value)}, limit ${number(document.points.at(-1).limit)}`,
    caption: nothing ? '' : `${document.statistic}, window ${document.window}, run ${document.run} ${span(document.points[0].first_ls, document.points.at(-1).last_ls)}, ${document.points.length} values; dashed: limit${document.gaps.length ? '; shaded: no orbit is covered' : ''}. A click opens the window.`,
    draw: (place, width) => trend(place, width, document, point?.last_ls, (p) => go(to(p))),
    table: () => ({ head: ['run', 'LS', 'value', 'limit', 'p-value', 'quality', 'reason'],
      rows: [...document.points].reverse().map((p) => [document.run, el('a', { href: to(p) }, `${p.first_ls}-${p.last_ls}`), number(p.value), number(p.limit), number(p.p_value, 3), p.quality, p.reason]) }) });
}
