// One action: why, what would be sent, who has agreed, what became of it. Used by actions.js.
// Tests: tests/browser/flow_test.mjs.
import { here, link, toMonitor } from './address.js';
import { problemPlace } from './controls.js';
import { el } from './dom.js';
import { instant, number, span, text } from './format.js';
import { ageSince } from './frame.js';

export function drawAction(testid, action) {
  const back = el('p', { class: 'crumbs' }, el('a', { href: link('/actions') }, 'Alarms and actions'));
  if (action.problem) {
    return el('main', { 'data-testid': testid }, back, el('h1', {}, 'This action cannot be shown'), el('p', { class: 'problem', 'data-testid': 'problem' }, action.problem));
  }
  return el('main', { 'data-testid': testid },
    back,
    el('article', { 'data-testid': 'action', 'data-id': action.id, 'data-kind': action.kind, 'data-state': action.state },
      el('div', { class: 'title' }, el('h1', {}, action.kind, ' ', el('span', { class: 'life', 'data-testid': 'action-state' }, action.state)), el('span', { class: 'cut faint', title: `${action.model} ${action.stream}` }, `${action.model} ${action.stream} `), ageSince(action.at, 'asked ', ' ago')),
      problemPlace(),
      el('p', { class: 'lead cut-3', title: action.reason, 'data-testid': 'action-reason' }, action.reason),
      buttons(action),
      el('div', { class: 'facts' },
        el('section', {}, el('h2', {}, 'Proposal'), el('dl', { class: 'pairs' },
          pair('cause', action.cause), action.subject ? pair('subject', action.subject) : null, pair('from', `run ${action.run} ${span(action.first_ls, action.last_ls)}`),
          Object.entries(action.proposal ?? {}).map(([name, value]) => pair(name.replaceAll('_', ' '), said(value))), pair('model hash', el('span', { class: 'mono cut', title: action.model_hash }, action.model_hash.slice(0, 12))))),
        el('section', {}, el('h2', {}, 'Approvals'), el('dl', { class: 'pairs' },
          pair('needed', action.needed), pair('expires', action.expires ? instant(action.expires) : '–'), pair('claimed by', action.claim ? `${action.claim.actor}, run ${action.claim.run}` : '–')),
          action.approvals.length ? el('ul', { class: 'plain' }, action.approvals.map((a) => el('li', {}, `${a.actor}, ${instant(a.at)}${a.reason ? `: ${a.reason}` : ''}`))) : el('p', { class: 'faint' }, action.needed === 'auto' ? 'It needs none.' : 'Nobody has approved it yet.'))),
      section('Evidence', action.evidence?.length ? el('ul', { class: 'plain evidence' }, action.evidence.map((e) => el('li', {},
        el('a', { class: 'cut', title: e.monitor, href: toMonitor({ model: action.model, stream: action.stream, monitor: e.monitor }, { run: action.run, ls: e.window === 'sequential' ? undefined : action.last_ls }) }, e.monitor), el('span', {}, ` ${e.statistic} ${number(e.value)}, limit ${number(e.limit)}`), el('span', { class: 'under cut-3' }, e.reason)))) : el('p', { class: 'faint' }, 'None.')),
      section('What would be sent', request(action)),
      section('Sinks', list(action.sinks, (s) => `${s.sink}: ${s.status}, ${s.attempts} ${s.attempts === 1 ? 'attempt' : 'attempts'}${s.reason ? `, ${s.reason}` : ''}${s.run ? `, run ${s.run}` : ''}`)),
      section('History', list(action.history, (h) => `${instant(h.at ?? (h.at_ns ? new Date(h.at_ns / 1e6).toISOString() : null))} ${h.actor} ${h.verb}${h.reason ? `: ${h.reason}` : ''}`))));
}

function pair(term, value) {
  return [el('dt', {}, term), el('dd', {}, value)];
}
function said(value) {
  if (Array.isArray(value)) return value.map(said).join(', ');
  if (value && typeof value === 'object') return Object.entries(value).map(([k, v]) => `${k} ${said(v)}`).join(' ');
  return typeof value === 'number' && !Number.isInteger(value) ? number(value) : text(value);
}
function section(title, ...content) {
  return el('section', {}, el('h2', {}, title), content);
}
function list(items, words) {
  return items?.length ? el('ul', { class: 'plain' }, items.map((item) => el('li', { class: 'cut-3' }, words(item)))) : el('p', { class: 'faint' }, 'None.');
}

function request(action) {
  const hash = el('p', { class: 'faint mono cut', title: action.request_sha256 }, action.request_sha256 ? `sha256 ${action.request_sha256}` : 'not rendered yet: it cannot be approved before it is');
  const requests = action.requests ?? [];
  const words = requests.map((r) => `${r.sink}: ${r.method} ${r.url}\n${r.content_type}\n\n${indented(r.body)}`).join('\n\n');
  return [hash, el('pre', { 'data-testid': 'action-request', tabindex: '0', role: 'region', 'aria-label': 'the rendered request' }, words || 'Nothing: no sink takes approved actions of this kind.')];
}
// The body as it is meant, laid out; what is approved is the hash above, of the bytes as they are.
function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch {
    return body;
  }
}

function buttons(action) {
  if (here().wall === '1') return null;
  const path = `/v1/actions/${action.id}`;
  const canApprove = action.state === 'proposed' && action.request_sha256;
  const canReject = ['proposed', 'approved'].includes(action.state);
  if (!canApprove && !canReject && action.state !== 'failed') return null;
  return el('div', { class: 'buttons' },
    canApprove ? el('button', { type: 'button', class: 'primary', 'data-testid': 'action-approve', 'data-act': 'write', 'data-path': `${path}/approve`, 'data-body': JSON.stringify({ sha256: action.request_sha256 }), 'data-title': 'Approve' }, 'Approve what is below') : null,
    canReject ? el('button', { type: 'button', 'data-testid': 'action-reject', 'data-act': 'write', 'data-path': `${path}/reject`, 'data-body': '{}', 'data-asks': 'reason', 'data-title': 'Reject' }, 'Reject …') : null,
    action.state === 'failed' ? el('button', { type: 'button', 'data-testid': 'action-retry', 'data-act': 'write', 'data-path': `${path}/retry`, 'data-body': '{}', 'data-asks': 'reason', 'data-title': 'Retry' }, 'Retry …') : null);
}
