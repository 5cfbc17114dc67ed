// The six states: word, shape, order, and how their counts are said. State is never colour alone: a shape each, told
// apart in grey. Used by every view. Tests: tests/browser/page_test.mjs.
import { el, svg } from './dom.js';

export const STATES = ['bad', 'stale', 'medium', 'unknown', 'good', 'shelved'];

const SHAPES = {
  good: () => svg('circle', { cx: 8, cy: 8, r: 6.5, fill: 'currentColor' }),
  medium: () => svg('path', { d: 'M8 1 15.5 14.5H.5z', fill: 'currentColor' }),
  bad: () => svg('rect', { x: 1.5, y: 1.5, width: 13, height: 13, fill: 'currentColor' }),
  unknown: () => svg('path', { d: 'M8 1.4 14.6 8 8 14.6 1.4 8z', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8 }),
  stale: () => svg('circle', { cx: 8, cy: 8, r: 6.3, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8, 'stroke-dasharray': '2.6 2.35' }),
  shelved: () => svg('path', { d: 'M3 2h3.6v12H3zM9.4 2H13v12H9.4z', fill: 'currentColor' }),
};

export function known(state) {
  return STATES.includes(state) ? state : 'unknown';
}
export function rank(state) {
  return STATES.indexOf(known(state));
}
export function shape(state) {
  return svg('svg', { viewBox: '0 0 16 16', class: 'shape', 'aria-hidden': 'true', focusable: 'false' }, SHAPES[known(state)]());
}
// Shape and word.
export function mark(state, attributes = {}) {
  return el('span', { class: `state ${known(state)}`, ...attributes }, shape(state), el('span', { class: 'word' }, known(state).toUpperCase()));
}

// `57 good`, `2 of 57 unknown`, `1 of 9 bad, 2 of 9 unknown`.
export function counts(family) {
  const all = family.monitors;
  const parts = ['bad', 'medium', 'unknown', 'shelved'].filter((name) => family[name] > 0).map((name) => `${family[name]} of ${all} ${name}`);
  return parts.length ? parts.join(', ') : `${all} good`;
}

export const FAMILIES = {
  agreement: 'agreement', score: 'score', inputs: 'inputs', rates: 'rates', data: 'data',
};
// Which family a monitor belongs to, as docs/http.md says.
export function familyOf(monitor) {
  if (monitor === 'data') return 'data';
  if (monitor.startsWith('mismatch/')) return 'agreement';
  if (monitor.startsWith('input/') || monitor === 'multivariate/inputs') return 'inputs';
  if (monitor.startsWith('seed/')) return 'rates';
  return 'score';
}

// Certification of `last` lumisections as cells, `ranges` as in a run of /v1/runs; lumisections of none are unknown.
// Bad is full height, medium two thirds, good a third, unknown a hollow line: the strip reads without colour.
export function strip(ranges, first, last, label) {
  const n = last - first + 1;
  const cells = [];
  const add = (from, to, quality) => {
    const a = Math.max(from, first), b = Math.min(to, last);
    if (b < a) return;
    const height = { bad: 16, medium: 11, good: 5, unknown: 2 }[quality] ?? 2;
    cells.push(svg('rect', { class: known(quality), x: a - first, y: 16 - height, width: b - a + 1, height }));
  };
  for (const [from, to, quality] of ranges) add(from, to, quality);
  const lines = [];
  if (n <= 120) for (let i = 1; i < n; i++) lines.push(svg('path', { d: `M${i} 0V16`, class: 'tick' }));
  return svg('svg', { viewBox: `0 0 ${n} 16`, preserveAspectRatio: 'none', class: 'strip', role: 'img', 'aria-label': label }, cells, lines);
}
