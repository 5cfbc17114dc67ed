// A plot as a <figure>: drawing, caption, and the numbers as a table. Views make figures while they draw; what has
// changed is drawn when the tree is in place. The plot libraries are loaded with the first figure that needs them; where
// they were not built in, the table says it all. Used by the views. Tests: tests/browser/page_test.mjs.
import { el, plain } from './dom.js';

export const HAS_PLOTS = document.documentElement.dataset.plots === 'true';

const specs = new Map();

// spec: testid; label (of the drawing, in words); caption; version (drawn anew when it changes); draw(node, width) -> a
// function that removes it, or a promise of one; height; table {head, rows} or a function that gives it; nothing: what to
// say instead, where there is nothing to draw.
export function figure(spec) {
  specs.set(spec.testid, spec);
  return el('figure', { 'data-testid': spec.testid, 'data-key': spec.testid, class: 'plot', 'data-figure': spec.testid },
    el('h2', {}, spec.title),
    spec.nothing ? el('p', { class: 'nothing', 'data-key': 'nothing' }, spec.nothing) : !HAS_PLOTS ? null :
      el('div', { class: 'drawing', role: 'img', 'aria-label': spec.label, 'data-own': true, 'data-key': 'drawing', style: `height:${spec.height ?? 240}px` }),
    el('figcaption', { 'data-testid': 'plot-caption', 'data-key': 'caption' }, spec.caption),
    spec.nothing ? null : el('details', { 'data-key': 'numbers', open: !HAS_PLOTS },
      el('summary', {}, 'Numbers'),
      HAS_PLOTS ? null : el('p', { class: 'hint' }, 'This vigil was built without the plot libraries: here are the numbers.'),
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `numbers of ${spec.title}`, 'data-own': true, 'data-key': 'table' })));
}

export function drawFigures() {
  for (const node of document.querySelectorAll('figure[data-figure]')) {
    const spec = specs.get(node.dataset.figure);
    if (!spec) continue;
    const width = Math.floor(node.clientWidth);
    const version = JSON.stringify([spec.version, document.body.dataset.theme, width, spec.nothing ?? '']);
    if (node.drawnVersion === version) continue;
    node.drawnVersion = version;
    draw(node, spec, width, version);
  }
}

async function draw(node, spec, width, version) {
  node.removeDrawing?.();
  node.removeDrawing = null;
  if (spec.nothing) { node.dataset.drawn = 'true'; return; }
  const place = node.querySelector('.drawing');
  fillTable(node.querySelector('.scroll'), typeof spec.table === 'function' ? spec.table() : spec.table);
  if (!HAS_PLOTS) {
    node.dataset.drawn = 'true';
    return;
  }
  delete node.dataset.drawn;
  try {
    const remove = await spec.draw(place, Math.max(240, place.clientWidth));
    if (node.drawnVersion !== version) { remove?.(); return; }
    node.removeDrawing = remove;
    node.dataset.drawn = 'true';
  } catch (error) {
    place.replaceChildren(el('p', { class: 'nothing' }, `This could not be drawn: ${error.message}`));
  }
}

function fillTable(place, table) {
  if (!place) return;
  place.replaceChildren(el('table', { class: 'numbers' },
    el('caption', { class: 'unseen' }, place.getAttribute('aria-label')),
    el('thead', {}, el('tr', {}, table.head.map((text) => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, table.rows.map((row) => el('tr', {}, row.map((cell) => el('td', {}, cell instanceof Node ? cell : plain(cell ?? '–'))))))));
}

// A colour of the theme.
export function colour(name) {
  return getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();
}
