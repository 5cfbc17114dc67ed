// What buttons do: theme, wall, help, the log axis, copying; and the controls that write, which ask for a token, a
// reason or an end first. Nothing changes on screen until the server has said yes. Buttons say what they do in
// data-act and its arguments in data-*. Used by main.js and keys.js. Tests: tests/browser/flow_test.mjs.
import { changed, go, here } from './address.js';
import { el, plain } from './dom.js';
import { helpDialog } from './frame.js';
import { act, keepToken, Problem, token } from './store.js';

let reload = () => {};

export function toggleTheme() {
  go(changed({ theme: document.body.dataset.theme === 'dark' ? 'light' : 'dark' }), { replace: true });
}
export function toggleWall() {
  go(changed({ wall: here().wall === '1' ? null : '1' }));
}
export function openHelp() {
  if (!document.querySelector('dialog[open]')) show(helpDialog());
}

const ACTS = {
  theme: toggleTheme,
  wall: toggleWall,
  help: openHelp,
  log: () => go(changed({ log: here().log === '1' ? null : '1' }), { replace: true }),
  go: (button) => go(button.dataset.href),
  copy,
  write,
};

export function listenToControls(afterWriting) {
  reload = afterWriting;
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('button[data-act]');
    if (!button || button.disabled || button.getAttribute('aria-disabled') === 'true') return;
    ACTS[button.dataset.act]?.(button);
  });
  document.addEventListener('input', (event) => {
    const field = event.target.closest?.('[data-filter]');
    if (field) go(changed({ filter: field.value || null }), { replace: true });
  });
}

async function copy(button) {
  const text = document.querySelector(`[data-testid="${button.dataset.of}"]`);
  try {
    await navigator.clipboard.writeText(text.textContent);
    say(button, 'Copied');
  } catch {
    getSelection().selectAllChildren(text);
    say(button, 'Selected: press Ctrl C');
  }
}

function say(button, words) {
  const usual = button.textContent;
  button.textContent = words;
  document.getElementById('announcer').textContent = words;
  setTimeout(() => { button.textContent = usual; }, 2000);
}

// A button that writes: data-path, data-body (JSON), data-asks: words of `reason`, `until`; data-title.
async function write(button) {
  const { path, body, asks = '', title = button.textContent } = button.dataset;
  if (!token() && !await askToken()) return;
  const given = asks ? await askWords(title, asks.split(' ')) : {};
  if (given === null) return;
  setProblem('');
  button.setAttribute('aria-disabled', 'true');
  try {
    await act(path, { ...JSON.parse(body), ...given });
    document.getElementById('announcer').textContent = plain(`${title}: done`);
  } catch (error) {
    setProblem(error instanceof Problem ? error.message : String(error));
  } finally {
    button.removeAttribute('aria-disabled');
    reload();
  }
}

// What the server refused, in its words; stays until the next attempt. It is no part of the view's own drawing.
export function problemText() {
  return problem;
}
let problem = '';
export function setProblem(words) {
  problem = words;
  const place = document.querySelector('[data-testid="problem"]');
  if (!place) return;
  place.textContent = plain(words);
  place.hidden = !words;
}
export function problemPlace() {
  return el('p', { class: 'problem', 'data-testid': 'problem', role: 'alert', hidden: !problem }, problem);
}

// ---- dialogs

// The dialog's answer: `collect()` where it was confirmed, null where not.
function show(dialog, collect = () => true) {
  return new Promise((resolve) => {
    document.body.append(dialog);
    const before = document.activeElement;
    dialog.addEventListener('close', () => {
      const answer = dialog.returnValue === 'yes' ? collect() : null;
      dialog.remove();
      before?.focus?.();
      resolve(answer);
    });
    dialog.addEventListener('submit', (event) => { dialog.returnValue = event.submitter?.value ?? ''; });
    dialog.showModal();
  });
}

async function askToken() {
  const input = el('input', { type: 'password', id: 'token', 'data-testid': 'token-input', autocomplete: 'off', spellcheck: 'false', required: true, autofocus: true });
  const dialog = el('dialog', { 'data-testid': 'token-dialog', 'aria-labelledby': 'token-title' },
    el('form', { method: 'dialog' },
      el('h2', { id: 'token-title' }, 'Who is acting?'),
      el('p', {}, 'Acting needs your token. It is kept in this tab only, until the tab is closed.'),
      el('label', { for: 'token' }, 'Token'), input,
      el('div', { class: 'buttons' },
        el('button', { value: 'yes', class: 'primary', 'data-testid': 'token-ok' }, 'Use it'),
        el('button', { value: 'no', formnovalidate: true }, 'Cancel'))));
  const given = await show(dialog, () => input.value.trim());
  if (given) keepToken(given);
  return Boolean(given);
}

async function askWords(title, asks) {
  const reason = asks.includes('reason') ? el('input', { type: 'text', id: 'reason', 'data-testid': 'reason-input', required: true, maxlength: 1000, autocomplete: 'off', autofocus: true }) : null;
  const until = asks.includes('until') ? el('input', { type: 'number', id: 'until', 'data-testid': 'until-input', required: true, min: '0.01', max: '8760', step: 'any', value: '1' }) : null;
  const dialog = el('dialog', { 'aria-labelledby': 'words-title' },
    el('form', { method: 'dialog' },
      el('h2', { id: 'words-title' }, title),
      reason && [el('label', { for: 'reason' }, 'Reason, for the record'), reason],
      until && [el('label', { for: 'until' }, 'For how many hours'), until],
      el('div', { class: 'buttons' },
        el('button', { value: 'yes', class: 'primary', 'data-testid': 'confirm' }, title),
        el('button', { value: 'no', formnovalidate: true }, 'Cancel'))));
  return show(dialog, () => ({
    ...(reason ? { reason: reason.value } : {}),
    ...(until ? { for_s: Math.max(1, Math.round(Number(until.value) * 3600)) } : {}),
  }));
}
