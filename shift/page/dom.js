// Making elements and changing a drawn tree into a new one. Every string becomes text or an attribute, never markup.
// Used by all views. Tests: tests/browser/page_test.mjs.

const SVG = 'http://www.w3.org/2000/svg';

// el('a', {href, 'data-testid': 'x'}, child, 'text', null, [more]): null and false children and attributes are left out.
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Control characters, also those that turn the direction of writing, come out as U+FFFD.
export function plain(value) {
  return String(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : name === 'title' || name.startsWith('aria-') ? plain(value) : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : plain(child));
  }
}

// What a person has changed on screen and a new drawing must not undo.
const OWN = new Set(['open', 'data-drawn']);

// Turns `old` into `fresh` in place, so that focus, scroll and open details stay. Children are matched by data-key,
// else by position. What is inside a node with data-own is its own business.
export function patch(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OWN.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !(OWN.has(name) && old.hasAttribute(name))) old.setAttribute(name, value);
  }
  if (fresh.hasAttribute('data-own')) return;
  const keyed = new Map();
  for (const child of old.children) {
    const key = child.getAttribute('data-key');
    if (key !== null) keyed.set(key, child);
  }
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = next.nodeType === Node.ELEMENT_NODE ? next.getAttribute('data-key') : null;
    let here = key !== null ? keyed.get(key) : at;
    if (key === null) while (here && here.nodeType === Node.ELEMENT_NODE && here.hasAttribute('data-key')) here = here.nextSibling;
    if (here && isAlike(here, next)) {
      if (here === at) at = at.nextSibling;
      else old.insertBefore(here, at);
      if (next.nodeType === Node.ELEMENT_NODE) patch(here, next);
      else if (here.nodeValue !== next.nodeValue) here.nodeValue = next.nodeValue;
    } else {
      old.insertBefore(next, at);
    }
  }
  while (at) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
}

function isAlike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName &&
    (a.nodeType !== Node.ELEMENT_NODE || a.getAttribute('data-key') === b.getAttribute('data-key'));
}
