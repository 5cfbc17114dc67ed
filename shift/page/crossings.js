// The figure of counts a bunch crossing, from a document of /v1/bx: on the model's view events alone, on a monitor's with
// its passes or mismatches. Tests: tests/browser/page_test.mjs.
import { figure } from './figure.js';
import { number, span } from './format.js';
import { crossings } from './plot_lines.js';

// `second`: {kind: 'passes' | 'mismatches', name}, or null.
export function crossingsFigure(testid, bx, second, otherwise) {
  const nothing = !bx ? otherwise : bx.problem ? bx.problem : null;
  const more = second && bx?.[second.kind]?.[second.name] ? { name: second.kind, counts: bx[second.kind][second.name], colour: second.kind === 'mismatches' ? 'plot-bad' : 'limit' } : null;
  const filled = nothing ? 0 : bx.events.filter((n) => n > 0).length;
  return figure({
    testid, title: more ? `Events and ${more.name} a bunch crossing` : 'Events a bunch crossing', nothing,
    label: nothing ? '' : `events in each of ${bx.events.length} bunch crossings, ${filled} of them have any${more ? `; ${more.name}: ${number(more.counts.reduce((a, b) => a + b, 0))}` : ''}`,
    caption: nothing ? '' : `window run ${bx.run} ${span(bx.first_ls, bx.last_ls)}, ${bx.events.reduce((a, b) => a + b, 0)} events; ${number(filled)} of ${number(bx.events.length)} crossings with events`,
    version: nothing ? '' : [bx.run, bx.window, bx.last_ls, second],
    height: 220,
    draw: (place, width) => crossings(place, width, bx.events, more),
    table: () => ({ head: ['BX', 'events', ...(more ? [more.name] : [])],
      rows: bx.events.flatMap((n, i) => (n || more?.counts[i] ? [[i + 1, n, ...(more ? [more.counts[i] ?? 0] : [])]] : [])) }),
  });
}
