// The URL holds the whole state of the page: reading it, links that keep what every view keeps, going there.
// Tests: tests/browser/page_test.mjs.

const KEPT = ['theme', 'wall', 'log'];
export const VIEWS = ['/', '/model', '/monitor', '/actions', '/inputs', '/runs'];

export function here() {
  const at = { path: VIEWS.includes(location.pathname) ? location.pathname : '/' };
  for (const [name, value] of new URLSearchParams(location.search)) at[name] = value;
  return at;
}

// A link to a view; what every view keeps (theme, wall, log) goes along. Values null or undefined are left out.
export function link(path, parameters = {}) {
  const at = here();
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== undefined) query.set(name, value);
  for (const name of KEPT) if (at[name] !== undefined && !(name in parameters)) query.set(name, at[name]);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
// The present URL with some parameters changed; null takes one out.
export function changed(parameters) {
  const { path, ...now } = here();
  return link(path, { ...now, ...parameters });
}
// The address of a document of the server.
export function ask(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== undefined && value !== '') query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export function toModel(stream) {
  return link('/model', { model: stream.model, stream: stream.stream });
}
export function toMonitor(of, more = {}) {
  return link('/monitor', { model: of.model, stream: of.stream, monitor: of.monitor, statistic: of.statistic, window: of.window, ...more });
}

let arrived = () => {};
export function onArrival(call) {
  arrived = call;
  addEventListener('popstate', () => arrived());
}
export function go(url, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  arrived();
}
