// Documents of the server, asked once and kept until news come; requests that act, with the token of this tab.
// A request that the server refuses is a Problem in its own words; one that finds nobody tells live.js.
// Used by the views. Tests: tests/browser/flow_test.mjs.
import * as connection from './live.js';

const TOKEN = 'vigil-token';

export class Problem extends Error {
  constructor(status, detail, name) {
    super(detail);
    this.status = status;
    this.problem = name;
  }
}

// Nobody answered; live.js has been told.
export class Gone extends Error {}

async function read(answer) {
  const isJson = (answer.headers.get('Content-Type') ?? '').includes('json');
  if (answer.ok) return isJson ? answer.json() : answer.text();
  let detail = `the server says ${answer.status}`, name = '';
  try {
    const document = await answer.json();
    detail = document.detail || document.title || detail;
    name = String(document.type ?? '').replace('urn:vigil:problem:', '');
  } catch {
    // No problem document: the number must do.
  }
  throw new Problem(answer.status, detail, name);
}

export async function get(path, signal) {
  let answer;
  try {
    answer = await fetch(path, { signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    connection.failed('the server does not answer');
    throw new Gone('the server does not answer');
  }
  return read(answer);
}

// The document, or what the server said instead of it, as `{problem: words}`.
export async function tryGet(path, signal) {
  try {
    return await get(path, signal);
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message, status: error.status };
    throw error;
  }
}

export function token() {
  return sessionStorage.getItem(TOKEN);
}
export function keepToken(value) {
  sessionStorage.setItem(TOKEN, value);
}

export async function act(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token() ?? ''}` },
      body: JSON.stringify(body),
    });
  } catch {
    connection.failed('the server does not answer');
    throw new Problem(0, 'The server does not answer; nothing is known of what became of this.', '');
  }
  if (answer.status === 401) sessionStorage.removeItem(TOKEN);
  return read(answer);
}
