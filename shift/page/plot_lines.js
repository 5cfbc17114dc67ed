// Lines against a number, by uPlot: trends, counts a bunch crossing, rate curves. Used by monitor.js and model.js.
// Tests: tests/browser/page_test.mjs.
import { colour } from './figure.js';
import { number } from './format.js';

let library = null;
async function uPlot() {
  library ??= Promise.all([import('./uPlot.esm.js'), sheet()]).then(([module]) => module.default);
  return library;
}

function sheet() {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('./uPlot.min.css', import.meta.url).href, onload: resolve, onerror: reject });
    document.head.append(link);
  });
}

const FONT = '12px system-ui, sans-serif';

function axis(label, more = {}) {
  return { label, labelSize: 22, font: FONT, labelFont: FONT, stroke: colour('text'), grid: { stroke: colour('grid'), width: 1 }, ticks: { stroke: colour('grid'), width: 1 }, values: (u, all) => all.map((v) => (v === null ? '' : number(v, 4))), ...more };
}

async function make(place, width, options, data) {
  const Plot = await uPlot();
  place.replaceChildren();
  const plot = new Plot({ width, height: place.clientHeight, legend: { show: false }, cursor: { drag: { x: true, y: false } }, padding: [10, 14, 0, 0], ...options }, data, place);
  return () => plot.destroy();
}

function readout(place, words) {
  let line = place.querySelector('.readout');
  if (!line) {
    line = document.createElement('div');
    line.className = 'readout';
    place.append(line);
  }
  line.textContent = words;
}

const MARKERS = { good: circle, medium: triangle, bad: square, unknown: diamond };
function circle(c, x, y, r) { c.arc(x, y, r * 0.8, 0, 2 * Math.PI); c.fill(); }
function square(c, x, y, r) { c.rect(x - r, y - r, 2 * r, 2 * r); c.fill(); }
function triangle(c, x, y, r) { c.moveTo(x, y - r * 1.2); c.lineTo(x + r * 1.2, y + r); c.lineTo(x - r * 1.2, y + r); c.closePath(); c.fill(); }
function diamond(c, x, y, r) { c.moveTo(x, y - r * 1.3); c.lineTo(x + r * 1.3, y); c.lineTo(x, y + r * 1.3); c.lineTo(x - r * 1.3, y); c.closePath(); c.stroke(); }

// A document of /v1/trend; `chosen` the last lumisection of the window on screen, `open(point)` when one is clicked.
// Points without a value stand at the foot as diamonds.
export function trend(place, width, document, chosen, open) {
  const points = document.points;
  const xs = points.map((p) => p.last_ls);
  const values = points.map((p) => p.value), limits = points.map((p) => p.limit);
  const options = {
    scales: { x: { time: false, range: (u, low, high) => [Math.min(low, ...document.marks.map((m) => m.ls)) - 1, high + 1] },
      y: { range: (u, low, high) => {
        const all = [...values, ...limits].filter((v) => v !== null && Number.isFinite(v));
        const top = all.length ? Math.max(...all) : 1, foot = all.length ? Math.min(0, ...all) : 0;
        return [foot, top === foot ? foot + 1 : top + 0.08 * (top - foot)];
      } } },
    axes: [axis(`lumisection of run ${document.run}`, { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }), axis(`${document.statistic}${document.unit ? ` [${document.unit}]` : ''}`, { size: 62, values: (u, all) => all.map((v) => number(v, 3)) })],
    series: [{}, { label: 'value', stroke: colour('line'), width: 1.5, points: { show: false } },
      { label: 'limit', stroke: colour('limit'), width: 1.5, dash: [6, 4], points: { show: false } }],
    hooks: {
      drawClear: [(u) => gapsAndMarks(u, document)],
      draw: [(u) => {
        const c = u.ctx;
        c.save();
        c.setLineDash([]);
        points.forEach((p, i) => {
          const x = u.valToPos(xs[i], 'x', true), y = p.value === null ? u.bbox.top + u.bbox.height - 6 : u.valToPos(p.value, 'y', true);
          c.fillStyle = c.strokeStyle = colour(p.quality === 'good' ? 'line' : `plot-${p.quality}`);
          c.lineWidth = 1.5 * devicePixelRatio;
          c.beginPath();
          (MARKERS[p.quality] ?? diamond)(c, x, y, (p.last_ls === chosen ? 6.5 : 3.6) * devicePixelRatio);
          if (p.last_ls === chosen) {
            c.strokeStyle = colour('text');
            c.beginPath();
            c.arc(x, y, 10 * devicePixelRatio, 0, 2 * Math.PI);
            c.stroke();
          }
        });
        c.restore();
      }],
      setCursor: [(u) => {
        const p = points[u.cursor.idx];
        readout(place, p ? `LS ${p.first_ls}-${p.last_ls}: ${number(p.value)}, limit ${number(p.limit)}, ${p.quality}${p.reason ? ', ' + p.reason : ''}` : '');
      }],
      ready: [(u) => u.over.addEventListener('click', () => { const p = points[u.cursor.idx]; if (p) open(p); })],
    },
  };
  return make(place, width, options, [xs, values, limits]);
}

function gapsAndMarks(u, document) {
  const c = u.ctx, { top, height } = u.bbox;
  c.save();
  c.fillStyle = colour('gap');
  for (const [first, last] of document.gaps) {
    const a = u.valToPos(first - 0.5, 'x', true), b = u.valToPos(last + 0.5, 'x', true);
    c.fillRect(a, top, b - a, height);
  }
  c.strokeStyle = c.fillStyle = colour('faint');
  c.textAlign = 'left';
  c.textBaseline = 'alphabetic';
  c.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  labels(document.marks).forEach(({ ls, words }, i) => {
    const x = u.valToPos(ls - 0.5, 'x', true);
    c.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    c.beginPath();
    c.moveTo(x, top);
    c.lineTo(x, top + height);
    c.stroke();
    c.fillText(words, x + 4 * devicePixelRatio, top + (12 + 13 * (i % 3)) * devicePixelRatio);
  });
  c.restore();
}

// One line and label a lumisection; what was stated there for the first time is no change, and has no words.
function labels(marks) {
  const at = new Map();
  for (const m of marks) at.set(m.ls, [...(at.get(m.ls) ?? []), m]);
  return [...at].map(([ls, all]) => {
    const changes = all.filter((m) => m.from !== null || m.kind === 'reference' || m.kind === 'restart');
    const words = changes.map((m) => `${m.kind.replaceAll('_', ' ')} ${m.to ?? ''}`.slice(0, 28)).join(', ');
    return { ls, words: words.length > 60 ? `${changes.length} changes` : words };
  });
}

// Counts in 3564 bunch crossings: one step line on the left, and what is compared with it on an axis of its own.
export function crossings(place, width, events, second) {
  const xs = Array.from({ length: events.length }, (_, i) => i + 1);
  const zero = (u, low, high) => [0, Math.max(1, high * 1.08)];
  return uPlot().then((Plot) => make(place, width, {
    scales: { x: { time: false, range: [0, events.length + 1] }, y: { range: zero }, second: { range: zero } },
    axes: [axis('bunch crossing'), axis('events', { size: 58 }), ...(second ? [axis(second.name, { side: 1, scale: 'second', grid: { show: false }, size: 52 })] : [])],
    series: [{}, { stroke: colour('line'), fill: colour('line-fill'), width: 1, paths: Plot.paths.stepped({ align: 0 }), points: { show: false } },
      ...(second ? [{ scale: 'second', stroke: colour(second.colour), width: 1.5, paths: Plot.paths.bars({ size: [0.9, 6, 2] }), fill: colour(second.colour), points: { show: false } }] : [])],
    hooks: { setCursor: [(u) => readout(place, u.cursor.idx === null || u.cursor.idx === undefined ? '' : `BX ${u.cursor.idx + 1}: ${events[u.cursor.idx]} events${second ? `, ${second.counts[u.cursor.idx] ?? 0} ${second.name}` : ''}`)] },
  }, second ? [xs, events, second.counts] : [xs, events]));
}

// A document of /v1/rate-curve, rate in logarithms; thresholds in hardware words.
export function rateCurve(place, width, document) {
  const positive = (list) => list.map((v) => (v > 0 ? v : null));
  const lines = [[document.current_threshold, 'current', 'text'], [document.nearest, 'nearest to target', 'limit']];
  return make(place, width, {
    scales: { x: { time: false }, y: { distr: 3 } },
    axes: [axis('threshold [hardware word]'), axis('rate [Hz]', { size: 66, values: (u, all) => all.map((v) => (v === null ? '' : number(v, 3))) })],
    series: [{}, { stroke: colour('line'), width: 2, points: { show: false } }, { stroke: colour('line-fill'), width: 1, points: { show: false } }, { stroke: colour('line-fill'), width: 1, points: { show: false } }],
    bands: [{ series: [3, 2], fill: colour('line-fill') }],
    hooks: {
      draw: [(u) => {
        const c = u.ctx;
        c.save();
        c.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
        c.textAlign = 'left';
        c.textBaseline = 'alphabetic';
        c.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
        lines.forEach(([x, name, ink], i) => {
          if (x === null || x === undefined) return;
          const at = u.valToPos(x, 'x', true);
          c.strokeStyle = c.fillStyle = colour(ink);
          c.beginPath();
          c.moveTo(at, u.bbox.top);
          c.lineTo(at, u.bbox.top + u.bbox.height);
          c.stroke();
          c.fillText(name, at + 4 * devicePixelRatio, u.bbox.top + (12 + 14 * i) * devicePixelRatio);
        });
        if (document.target_rate_hz) {
          const y = u.valToPos(document.target_rate_hz, 'y', true);
          c.strokeStyle = c.fillStyle = colour('limit');
          c.beginPath();
          c.moveTo(u.bbox.left, y);
          c.lineTo(u.bbox.left + u.bbox.width, y);
          c.stroke();
          c.fillText(`target ${number(document.target_rate_hz)} Hz`, u.bbox.left + 6 * devicePixelRatio, y - 5 * devicePixelRatio);
        }
        c.restore();
      }],
      setCursor: [(u) => {
        const i = u.cursor.idx;
        readout(place, i === null || i === undefined ? '' : `threshold ${document.threshold[i]}: ${number(document.rate_hz[i])} Hz (${number(document.low_hz[i])} to ${number(document.high_hz[i])})`);
      }],
    },
  }, [document.threshold, positive(document.rate_hz), positive(document.high_hz), positive(document.low_hz)]);
}

// The last values of a monitor, in a row of a table: no axes, the numbers stand beside it.
export function sparkline(points, svg) {
  const known = points.filter((p) => p.value !== null);
  const top = Math.max(...known.map((p) => Math.max(p.value, p.limit ?? 0)), 1e-300), n = points.length;
  const x = (i) => (n < 2 ? 58 : 2 + (56 * i) / (n - 1)), y = (v) => 16 - 14 * Math.max(0, v) / top;
  const line = points.map((p, i) => (p.value === null ? '' : `${i && points[i - 1].value !== null ? 'L' : 'M'}${x(i).toFixed(1)} ${y(p.value).toFixed(1)}`)).join('');
  const limit = known.at(-1)?.limit;
  const last = points.at(-1);
  return svg('svg', { viewBox: '0 0 60 18', class: 'spark', 'aria-hidden': 'true' },
    limit ? svg('path', { class: 'limit', d: `M0 ${y(limit).toFixed(1)}H60` }) : null,
    svg('path', { class: 'value', d: line || 'M0 0' }),
    last && last.value !== null ? svg('circle', { class: last.quality, cx: x(n - 1), cy: y(last.value), r: 1.9 }) : null);
}
