// Histograms by JSROOT: window over reference, ratio, residuals, distances. Its modules are loaded with the first one.
// Everything is a count per LSB, so that the wider bins of large words make no steps. Used by monitor.js.
// Tests: tests/browser/page_test.mjs.
import { colour } from './figure.js';
import { plain } from './dom.js';

let library = null;
async function jsroot() {
  library ??= Promise.all([import('./jsroot/core.mjs'), import('./jsroot/base/colors.mjs'), import('./jsroot/base/ObjectPainter.mjs'),
    import('./jsroot/hist2d/TH1Painter.mjs'), import('./jsroot/draw/TLinePainter.mjs')]).then(([core, colors, base, hist, line]) => {
    Object.assign(core.settings, { ContextMenu: false, HandleKeys: false, DragAndDrop: false, CanEnlarge: false, ToolBar: false, MoveResize: false,
      ZoomWheel: false, ZoomTouch: false, ProgressBox: false, AutoStat: false, Latex: 0, TooltipAnimation: 0, UseStamp: false });
    Object.assign(core.gStyle, { fOptStat: 0, fOptTitle: 0, fPadTopMargin: 0.03, fPadRightMargin: 0.02, fCanvasBorderSize: 0, fPadBorderSize: 0, fFrameBorderSize: 0 });
    return { ...core, ...colors, ...base, TH1Painter: hist.TH1Painter, TLinePainter: line.TLinePainter };
  });
  return library;
}

// `edges` [n+1] physical, `contents` and `errors` [n] (null: nothing there); errors may be left out.
function histogram(R, edges, contents, errors, { x, y, ink, fill, width = 2, style = 1, marker, height }) {
  const n = contents.length;
  const h = R.createHistogram('TH1D', n);
  const root = (name) => R.addColor(colour(name));
  Object.assign(h.fXaxis, { fNbins: n, fXmin: edges[0], fXmax: edges[n], fXbins: edges, fTitle: plain(x).slice(0, 60) });
  h.fYaxis.fTitle = plain(y).slice(0, 40);
  for (const [axis, isX] of [[h.fXaxis, true], [h.fYaxis, false]]) {
    // Sizes from 1 on are pixels; ticks are a fraction of the frame.
    Object.assign(axis, { fAxisColor: root('faint'), fLabelColor: root('text'), fTitleColor: root('text'), fLabelFont: 42, fTitleFont: 42,
      fLabelSize: 12, fTitleSize: 13, fTitleOffset: isX ? 1.35 : 2.3, fNdivisions: isX ? 510 : height < 180 ? 504 : 508, fTickLength: isX ? 0.02 : 0.008 });
  }
  contents.forEach((value, i) => { h.setBinContent(i + 1, value ?? 0); });
  if (errors) {
    h.fSumw2 = new Float64Array(n + 2);
    errors.forEach((error, i) => { h.fSumw2[i + 1] = (error ?? 0) ** 2; });
  }
  Object.assign(h, { fTitle: '', fName: 'h', fLineColor: root(ink), fLineWidth: width, fLineStyle: style, fMarkerColor: root(ink), fMarkerStyle: marker ?? 1, fMarkerSize: 0.6,
    fFillColor: fill ? root(fill) : 0, fFillStyle: fill ? 1001 : 0, fBits: (h.fBits ?? 0) | (1 << 9) });
  return h;
}

// One at a time: margins and colours are settings of the whole library.
let turn = Promise.resolve();
function inTurn(draw) {
  const mine = turn.then(draw);
  turn = mine.catch(() => {});
  return mine;
}

async function canvas(place, width) {
  const R = await jsroot();
  R.cleanup(place);
  place.replaceChildren();
  const height = place.clientHeight;
  const paper = R.addColor(colour('paper'));
  Object.assign(R.gStyle, { fCanvasColor: paper, fPadColor: paper, fFrameFillColor: paper, fFrameLineColor: R.addColor(colour('faint')), fPadLeftMargin: 66 / width, fPadBottomMargin: 40 / height, fPadTopMargin: 8 / height, fPadRightMargin: 14 / width });
  return { R, height, remove: () => R.cleanup(place) };
}

async function lines(R, place, list) {
  for (const { x1, y1, x2, y2, ink, style = 2, width = 1 } of list) {
    const line = R.create('TLine');
    Object.assign(line, { fX1: x1, fX2: x2, fY1: y1, fY2: y2, fLineColor: R.addColor(colour(ink)), fLineStyle: style, fLineWidth: width });
    await R.TLinePainter.draw(place, line, 'frame');
  }
}

const perLsb = (counts, raw, scale = 1) => counts.map((n, i) => (n * scale) / (raw[i + 1] - raw[i]));

// Window over reference scaled to the window's events; `log`: the vertical axis.
export const overlay = (...given) => inTurn(() => drawOverlay(...given));
async function drawOverlay(place, width, document, log) {
  const { R, height, remove } = await canvas(place, width);
  const raw = document.edges_raw, edges = document.edges;
  const window = perLsb(document.window_counts, raw);
  const scale = document.reference_events ? document.window_events / document.reference_events : 0;
  const reference = document.reference_counts.length ? perLsb(document.reference_counts, raw, scale) : null;
  const all = [...window, ...(reference ?? [])];
  const top = Math.max(...all, 1e-9), foot = Math.min(...all.filter((v) => v > 0), top);
  const range = log ? { fMinimum: foot / 3, fMaximum: top * 4 } : { fMinimum: 0, fMaximum: top * 1.12 };
  const names = { x: `${document.monitor}${document.unit ? ` [${document.unit}]` : ''}`, y: 'events per LSB', height };
  const opt = log ? 'hist logy' : 'hist';
  if (reference) {
    const under = Object.assign(histogram(R, edges, reference, null, { ...names, ink: 'reference', fill: 'reference-fill', width: 1 }), range);
    await R.TH1Painter.draw(place, under, opt);
  }
  const over = Object.assign(histogram(R, edges, window, null, { ...names, ink: 'line', width: 2 }), range);
  await R.TH1Painter.draw(place, over, reference ? 'hist same' : opt);
  await lines(R, place, document.thresholds.map(({ value }) => ({ x1: value, x2: value, y1: range.fMinimum, y2: range.fMaximum, ink: 'limit', width: 2 })));
  return remove;
}

// (w/W) / (r/R) with the statistical error of both counts; a line at 1.
export const ratio = (...given) => inTurn(() => drawRatio(...given));
async function drawRatio(place, width, document) {
  const { R, height, remove } = await canvas(place, width);
  const errors = document.ratio.map((value, i) => {
    const w = document.window_counts[i], r = document.reference_counts[i];
    return value === null || !w || !r ? null : value * Math.sqrt(1 / w + 1 / r);
  });
  const seen = document.ratio.filter((v, i) => v !== null && errors[i] !== null && errors[i] < v);
  const top = Math.min(5, Math.max(2, ...seen) * 1.1);
  const h = Object.assign(histogram(R, document.edges, document.ratio, errors, { x: `${document.monitor}${document.unit ? ` [${document.unit}]` : ''}`, y: 'ratio', ink: 'line', width: 1, marker: 20, height }), { fMinimum: 0, fMaximum: top });
  await R.TH1Painter.draw(place, h, 'e');
  await lines(R, place, [{ x1: document.edges[0], x2: document.edges.at(-1), y1: 1, y2: 1, ink: 'limit' }]);
  return remove;
}

// Residuals in standard deviations; lines at 0 and at 3 on either side.
export const residual = (...given) => inTurn(() => drawResidual(...given));
async function drawResidual(place, width, document) {
  const { R, height, remove } = await canvas(place, width);
  const size = Math.max(4, ...document.residual.map((v) => Math.abs(v ?? 0))) * 1.1;
  const h = Object.assign(histogram(R, document.edges, document.residual, null, { x: `${document.monitor}${document.unit ? ` [${document.unit}]` : ''}`, y: 'residual [sd]', ink: 'line', fill: 'line-fill', width: 1, height }), { fMinimum: -size, fMaximum: size });
  await R.TH1Painter.draw(place, h, 'hist');
  const [a, b] = [document.edges[0], document.edges.at(-1)];
  await lines(R, place, [{ x1: a, x2: b, y1: 0, y2: 0, ink: 'faint', style: 1 }, { x1: a, x2: b, y1: 3, y2: 3, ink: 'limit' }, { x1: a, x2: b, y1: -3, y2: -3, ink: 'limit' }]);
  return remove;
}

// hardware - emulator of the events that differ: the two sides apart.
export const distance = (...given) => inTurn(() => drawDistance(...given));
async function drawDistance(place, width, document) {
  const { R, height, remove } = await canvas(place, width);
  const counts = document.window_counts;
  const h = Object.assign(histogram(R, document.edges, counts, null, { x: 'hardware − emulator [LSB]', y: 'events', ink: 'line', fill: 'line-fill', width: 2, height }), { fMinimum: 0, fMaximum: Math.max(1, ...counts) * 1.15 });
  await R.TH1Painter.draw(place, h, 'hist');
  await lines(R, place, [{ x1: 0, x2: 0, y1: 0, y2: h.fMaximum, ink: 'limit' }]);
  return remove;
}
