// Numbers, times and lumisections as people read them. Pure. Used by every view.
// Tests: tests/browser/page_test.mjs.

export const LS_SECONDS = 262144 / 11245.5;

// At most `digits` significant digits, thin spaces between thousands; `–` for null.
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009');
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(Math.max(0, digits - 2)).replace('e+', 'e');
  const text = Number(value.toPrecision(digits));
  const [whole, part] = String(text).split('.');
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009') + (part ? '.' + part : '');
}

export function percent(fraction) {
  return fraction === null || fraction === undefined ? '–' : `${number(100 * fraction, 3)} %`;
}

export function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) n /= 1000, i++;
  return `${number(n, 3)} ${units[i]}`;
}

export function age(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} days`;
}

export function utc(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}
export function instant(text) {
  return text ? `${String(text).slice(0, 10)} ${String(text).slice(11, 19)} UTC` : '–';
}

// `LS 31-40`, `LS 41`.
export function span(first, last) {
  return first === last || first === undefined ? `LS ${last}` : `LS ${first}-${last}`;
}
export function ranges(list) {
  return (list ?? []).map(([run, first, last]) => `run ${run} ${span(first, last)}`).join(', ');
}
export function text(value) {
  return value === null || value === undefined || value === '' ? '–' : String(value);
}
