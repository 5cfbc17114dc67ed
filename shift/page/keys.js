// The keyboard: one letter a view, j and k along tiles or rows. Silent in a text field and in a dialog.
// Used by main.js. Tests: tests/browser/page_test.mjs.
import { changed, go, here, link } from './address.js';
import { toggleTheme, toggleWall, openHelp } from './controls.js';

const PLACES = { o: '/', a: '/actions', i: '/inputs', r: '/runs' };

export function listen() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable], dialog')) {
      if (event.key === 'Escape' && event.target.matches('input')) event.target.blur();
      return;
    }
    const key = event.key;
    if (key in PLACES) go(link(PLACES[key]));
    else if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1);
    else if (key === '[') press('window-prev');
    else if (key === ']') press('window-next');
    else if (key === 'l') follow();
    else if (key === 't') toggleTheme();
    else if (key === 'w') toggleWall();
    else if (key === '?') openHelp();
    else if (key === '/') focusFilter();
    else if (key === 'Enter' && event.target.matches?.('[data-stop]:not(a)')) event.target.querySelector('a')?.click();
    else return;
    event.preventDefault();
  });
}

function press(testid) {
  document.querySelector(`[data-testid="${testid}"]`)?.click();
}

function follow() {
  const at = here();
  if (at.run !== undefined || at.ls !== undefined) go(changed({ run: null, ls: null }));
}

function focusFilter() {
  const filter = document.querySelector('[data-filter]');
  filter?.focus();
  filter?.select?.();
}

function step(by) {
  const stops = [...document.querySelectorAll('main [data-stop]')];
  if (!stops.length) return;
  const at = stops.indexOf(document.activeElement?.closest?.('[data-stop]'));
  const next = stops[Math.min(stops.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : stops.length - 1) : at + by))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}
