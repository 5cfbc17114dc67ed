// Alarms, those to be spoken first, and actions; with an id one action and what can be done about it. Nothing here changes
// before the server has said yes. Tests: tests/browser/flow_test.mjs.
import { ask, here, link, toMonitor } from './address.js';
import { drawAction } from './action.js';
import { problemPlace } from './controls.js';
import { el } from './dom.js';
import { instant, span } from './format.js';
import { ageSince } from './frame.js';
import { tryGet } from './store.js';

export const name = 'actions';
export const testid = 'view-actions';
export const follows = ['status', 'action', 'action-status', 'alarm', 'reset'];

const PAGE = 1000, SHOWN = 200;

export async function load(at, signal) {
  if (at.id !== undefined) return { action: await tryGet(`/v1/actions/${encodeURIComponent(at.id)}`, signal) };
  const [alarms, actions] = await Promise.all([tryGet('/v1/alarms', signal), newest(signal)]);
  return { alarms, actions };
}

// The list comes oldest first.
async function newest(signal) {
  const all = [];
  let after;
  do {
    const answer = await tryGet(ask('/v1/actions', { limit: PAGE, after }), signal);
    if (answer.problem) return answer;
    all.push(...answer.actions);
    after = answer.next;
  } while (after);
  return { actions: all.reverse() };
}

export function draw(at, data) {
  if (at.id !== undefined) return drawAction(testid, { ...data.action, at: data.at });
  const groups = data.alarms.groups ?? [];
  const spoken = new Set(groups.flatMap((group) => group.spoken));
  const alarms = [...(data.alarms.alarms ?? [])].sort((a, b) => spoken.has(b.node) - spoken.has(a.node) || weight(b) - weight(a) || a.node.localeCompare(b.node));
  const actions = data.actions.actions ?? [];
  return el('main', { 'data-testid': testid },
    el('h1', {}, 'Alarms and actions'), problemPlace(),
    el('section', { 'aria-labelledby': 'alarms-title' }, el('h2', { id: 'alarms-title' }, 'Alarms ', ageSince(data.at, 'asked ', ' ago')),
      data.alarms.problem ? el('p', { class: 'problem' }, data.alarms.problem) : alarms.length ? el('ul', { class: 'alarms' }, alarms.map((alarm) => alarmRow(alarm, spoken))) : el('p', { class: 'empty' }, 'No alarm.')),
    el('section', { 'aria-labelledby': 'actions-title' }, el('h2', { id: 'actions-title' }, 'Actions'),
      data.actions.problem ? el('p', { class: 'problem' }, data.actions.problem) : actions.length ? [el('ul', { class: 'actions' }, actions.slice(0, SHOWN).map(actionRow)),
        actions.length > SHOWN ? el('p', { class: 'faint' }, `${actions.length - SHOWN} older ones are left out.`) : null] : el('p', { class: 'empty' }, 'No action was proposed.')));
}

const weight = (alarm) => ({ major: 2, minor: 1, ok: 0 }[alarm.latched] ?? 0) + (alarm.acknowledged ? 0 : 0.5);

function alarmRow(alarm, spoken) {
  const isRaised = alarm.latched !== 'ok';
  const body = JSON.stringify({ node: alarm.node });
  return el('li', { class: `alarm ${alarm.latched} ${alarm.acknowledged ? 'acknowledged' : ''}`, 'data-testid': 'alarm-row', 'data-node': alarm.node, 'data-severity': alarm.latched, 'data-acknowledged': String(alarm.acknowledged), 'data-key': alarm.node },
    el('div', { class: 'alarm-head' },
      el('span', { class: `severity ${alarm.latched}` }, alarm.latched.toUpperCase()),
      el('a', { class: 'cut', 'data-stop': true, title: alarm.node, href: toMonitor(alarm) }, alarm.node),
      el('span', { class: 'faint fixed' }, `since run ${alarm.run} LS ${alarm.ls}`)),
    el('p', { class: 'cut-3' }, !isRaised ? 'Recovered. ' : alarm.severity === 'ok' ? 'Recovered, not acknowledged yet. ' : alarm.acknowledged ? 'Acknowledged. ' : 'Not acknowledged. ',
      spoken.has(alarm.node) ? 'To be told now. ' : '', alarm.shelved_until ? `Shelved until ${instant(alarm.shelved_until)}. ` : '', alarm.known === false ? 'Not judged at present. ' : '',
      alarm.essential ? 'Essential. ' : '', alarm.guidance || 'No guidance is configured for this monitor.'),
    alarm.contact ? el('p', { class: 'cut' }, 'Contact: ', alarm.contact) : null,
    here().wall === '1' ? null : el('div', { class: 'buttons' },
      el('button', { type: 'button', 'data-testid': 'alarm-ack', 'data-act': 'write', 'data-path': '/v1/alarms/ack', 'data-body': body, 'data-title': 'Acknowledge', 'aria-label': `Acknowledge ${alarm.monitor.slice(0, 80)}` }, 'Acknowledge'),
      el('button', { type: 'button', 'data-testid': 'alarm-shelve', 'data-act': 'write', 'data-path': '/v1/alarms/shelve', 'data-body': body, 'data-asks': 'reason until', 'data-title': 'Shelve', 'aria-label': `Shelve ${alarm.monitor.slice(0, 80)}` }, 'Shelve …'),
      alarm.shelved_until ? el('button', { type: 'button', 'data-testid': 'alarm-unshelve', 'data-act': 'write', 'data-path': '/v1/alarms/unshelve', 'data-body': body, 'data-title': 'Unshelve', 'aria-label': `Unshelve ${alarm.monitor.slice(0, 80)}` }, 'Unshelve') : null));
}

function actionRow(action) {
  return el('li', { class: `action ${action.open ? 'open' : ''}`, 'data-key': action.id },
    el('a', { class: 'action-row', 'data-testid': 'action-row', 'data-id': action.id, 'data-kind': action.kind, 'data-state': action.state, 'data-stop': true, href: link('/actions', { id: action.id }) },
      el('span', { class: 'kind' }, action.kind), el('span', { class: 'life' }, action.state), el('span', { class: 'cut', title: `${action.model} ${action.stream} ${action.reason}` }, `${action.model} ${action.stream}: ${action.reason}`),
      el('span', { class: 'faint fixed' }, `run ${action.run} ${span(action.first_ls, action.last_ls)}${action.open ? ', open' : ''}`)));
}
