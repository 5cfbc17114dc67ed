// The shifter's way, over vigil itself: all good, drift, a bad tile with its reason, a click to the overlay; acknowledge and
// shelve an alarm, approve an action with a token and not without; reload, back and a restart of the server keep the state;
// all stale while the server is away, live within 10 s of its return; the overview is light and quick.
// usage: node flow_test.mjs VIGIL
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { axeSource, check, drawn, finish, launch, open, ready, serve, SIZES, SOURCE } from './browser.mjs';

const browser = await launch();
const stream = spawn('/usr/bin/python3', [path.join(SOURCE, 'tests/browser/flow_stream.py'), process.argv[2]], { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = readline.createInterface({ input: stream.stdout })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await answers.next();
  if (done) { console.log('FAILED: the stream ended'); process.exit(1); }
  return JSON.parse(value);
};
const tell = async (command) => { stream.stdin.write(command + '\n'); return next(); };
const { port, tokens, model, folder } = await next();
const base = `http://127.0.0.1:${port}`;
const attribute = (page, id, name) => page.getAttribute(`[data-testid="${id}"]`, name);
const text = (page, id) => page.textContent(`[data-testid="${id}"]`);
const until = (page, what, condition, argument, timeout = 15000) => page.waitForFunction(condition, argument, { timeout }).then(() => check(what, true), () => check(what, false, 'not in time'));
const tileIs = (state) => document.querySelector('[data-testid="tile"]')?.dataset.state === state;

// ---- before anything has come
const page = await open(browser, base);
check('empty: said in words', (await text(page, 'view-overview')).includes('No lumisection has closed yet'));

// ---- all good, without a reload
await tell('good 24');
await page.waitForFunction(() => document.querySelector('[data-testid="tile"]')?.dataset.state === 'good', null, { timeout: 15000 }).then(() => check('tile is good', true), async () => check('tile is good', false, await page.textContent('#page')));
check('tile names its model', await attribute(page, 'tile', 'data-model') === model && await attribute(page, 'tile', 'data-stream') === 'scouting');
await until(page, 'run and lumisection', () => /^run 1 LS 2[34]$/.test(document.querySelector('[data-testid="tile-run"]')?.textContent));
await until(page, 'a strip', () => document.querySelectorAll('.tile-strip [role="img"] rect').length > 0);
await until(page, 'the strip has good in it', () => document.querySelectorAll('.tile-strip .good').length > 0);

// ---- light and quick: a fresh browser context, nothing cached
{
  const context = await browser.newContext({ viewport: SIZES.desk });
  const fresh = await context.newPage();
  const wire = await context.newCDPSession(fresh);
  let bytes = 0;
  await wire.send('Network.enable');
  wire.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; });
  wire.on('Network.dataReceived', (event) => { bytes += 0 * event.dataLength; });
  const from = Date.now();
  await fresh.goto(base);
  await ready(fresh);
  const ms = Date.now() - from;
  check('overview drawn within 3 s', ms < 3000, `${ms} ms`);
  check('overview within 400 kB', bytes > 10000 && bytes < 400000, `${bytes} B`);
  console.log(`overview: ${ms} ms, ${bytes} B over the wire`);
  await context.close();
}

// ---- drift
await tell('drift 10');
await until(page, 'tile is bad', tileIs, 'bad');
check('its reason', (await text(page, 'tile-reason')).length > 10, await text(page, 'tile-reason'));
check('headline', await attribute(page, 'headline', 'data-state') === 'bad' && (await text(page, 'headline')).includes(model));
check('announced', (await page.textContent('#announcer')).includes('bad'), await page.textContent('#announcer'));
check('title', (await page.title()).startsWith('BAD'));
await page.click('[data-testid="tile"]');
await ready(page);
check('model view', await page.locator('[data-testid="view-model"]').count() === 1);
const worst = page.locator('[data-testid="family"][data-family="score"] [data-testid="monitor-row"]').first();
check('worst row first', await worst.getAttribute('data-state') === 'bad', await worst.textContent());
const status = await (await fetch(`${base}/v1/status`)).json();
for (const family of status.streams[0].families) {
  const rows = await page.$$eval(`[data-testid="family"][data-family="${family.name}"] [data-testid="monitor-row"]`, (all) => all.map((r) => r.dataset.state));
  if (family.name === 'data') continue;
  check(`rows of ${family.name} are those the status counts`, rows.length === family.monitors && rows.filter((s) => s === 'bad').length === family.bad && rows.filter((s) => s === 'good').length === family.good, [family, rows.join()]);
}
await drawn(page);
await worst.locator('a').click();
await ready(page);
await drawn(page);
check('monitor view', await page.locator('[data-testid="view-monitor"]').count() === 1);
check('overlay is drawn', await page.locator('[data-testid="plot-overlay"] svg path').count() > 3);
check('caption', /^window run 1 LS \d+-\d+, \d+ events; reference learn:8, run 1 LS 1-8, \d+ events$/.test(await page.textContent('[data-testid="plot-overlay"] [data-testid="plot-caption"]')), await page.textContent('[data-testid="plot-overlay"] [data-testid="plot-caption"]'));
check('trend is drawn', await page.locator('[data-testid="plot-trend"] canvas').count() === 1);
check('elog', (await text(page, 'elog-text')).startsWith('vigil: BAD'), await text(page, 'elog-text'));
await page.goto(`${base}/monitor?model=${model}&stream=scouting&monitor=score`);
await ready(page);
await drawn(page);
const newest = await page.textContent('.standing .fixed');
await page.keyboard.press('[');
await ready(page);
await drawn(page);
check('[ goes to the window before', (await page.textContent('.standing .fixed')) !== newest && /run=1&ls=\d+|ls=\d+/.test(page.url()), page.url());
check('it stands still', await page.locator('[data-testid="follow-live"]').count() === 1);
const still = page.url();
await page.reload();
await ready(page);
check('reload keeps it', page.url() === still && (await page.textContent('.standing .fixed')) !== newest);
await page.keyboard.press('l');
await ready(page);
check('l follows again', await page.locator('[data-testid="follow-live"]').count() === 0 && (await page.textContent('.standing .fixed')) === newest, await page.textContent('.standing .fixed'));
await page.goBack();
await ready(page);
check('back stands still', page.url() === still);

// ---- every monitor's view: no error in the console, nothing left undrawn
const monitors = (await (await fetch(`${base}/v1/models`)).json()).models[0].monitors;
for (const monitor of [monitors.find((m) => m.startsWith('input/')), ...monitors.filter((m) => !m.startsWith('input/')), 'data'].filter(Boolean)) {
  await page.goto(`${base}/monitor?model=${model}&stream=scouting&monitor=${encodeURIComponent(monitor)}`);
  await ready(page);
  await drawn(page).then(() => check(`${monitor}: drawn`, true), () => check(`${monitor}: drawn`, false));
}
for (const view of ['/actions', '/inputs', '/runs', '/?wall=1', `/model?model=${model}`]) {
  await page.goto(base + view);
  await ready(page);
  await page.evaluate(axeSource());
  const found = await page.evaluate(async () => (await window.axe.run()).violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)}`));
  check(`${view}: axe`, found.length === 0, found.join('; '));
}
check('console', page.problems.length === 0, page.problems.slice(0, 5).join('; '));

// ---- alarms
await page.goto(`${base}/actions`);
await ready(page);
const rows = await page.$$eval('[data-testid="alarm-row"]', (all) => all.map((r) => [r.dataset.node, r.dataset.severity, r.dataset.acknowledged]));
check('alarms, not acknowledged', rows.length > 0 && rows.every((r) => r[2] === 'false'), rows.slice(0, 3));
const node = rows[0][0];
const alarm = page.locator(`[data-testid="alarm-row"][data-node="${node}"]`);
check('guidance and contact', (await alarm.textContent()).includes('compare the inputs') && (await alarm.textContent()).includes('trigger on call'));
await alarm.locator('[data-testid="alarm-ack"]').click();
check('asks for a token', await page.locator('[data-testid="token-dialog"][open]').count() === 1);
await page.fill('[data-testid="token-input"]', 'x'.repeat(40));
await page.click('[data-testid="token-ok"]');
await page.waitForSelector('[data-testid="problem"]:not([hidden])');
check('a wrong token is refused, nothing changes', await alarm.getAttribute('data-acknowledged') === 'false');
check('and forgotten', await page.evaluate(() => sessionStorage.getItem('vigil-token')) === null);
await alarm.locator('[data-testid="alarm-ack"]').click();
await page.fill('[data-testid="token-input"]', tokens.shifter);
await page.click('[data-testid="token-ok"]');
await until(page, 'acknowledged', (n) => document.querySelector(`[data-testid="alarm-row"][data-node="${n}"]`)?.dataset.acknowledged === 'true', node);
check('no problem any more', await page.locator('[data-testid="problem"]:not([hidden])').count() === 0);
await alarm.locator('[data-testid="alarm-shelve"]').click();
check('no second token', await page.locator('[data-testid="token-dialog"]').count() === 0);
await page.fill('[data-testid="reason-input"]', 'beam <b>test</b>');
await page.fill('[data-testid="until-input"]', '0.5');
await page.click('[data-testid="confirm"]');
await until(page, 'shelved', (n) => document.querySelector(`[data-testid="alarm-row"][data-node="${n}"]`)?.textContent.includes('Shelved until'), node);
await page.goto(`${base}/model?model=${model}&stream=scouting`);
await ready(page);
const shelved = await page.$$eval('[data-testid="monitor-row"]', (all, n) => all.filter((r) => n.endsWith(`/${r.dataset.monitor}`)).map((r) => r.dataset.state), node);
check('its rows are shelved', shelved.length > 0 && shelved.every((s) => s === 'shelved'), shelved);

// ---- an action, a token that may not, one that may
await page.goto(`${base}/actions`);
await ready(page);
const action = page.locator('[data-testid="action-row"][data-kind="retrain"]').first();
check('a proposed retrain', await action.getAttribute('data-state') === 'proposed');
const id = await action.getAttribute('data-id');
await action.click();
await ready(page);
check('its view has an address', page.url().endsWith(`/actions?id=${id}`), page.url());
check('what would be sent', (await text(page, 'action-request')).includes('ledger: FILE'), await text(page, 'action-request'));
check('evidence leads to monitors', await page.locator('.evidence a[href*="/monitor?"]').count() > 0);
await page.click('[data-testid="action-approve"]');
await page.waitForSelector('[data-testid="problem"]:not([hidden])');
check('a shifter may not', (await text(page, 'problem')).length > 5 && await attribute(page, 'action', 'data-state') === 'proposed', await text(page, 'problem'));
await page.evaluate(() => sessionStorage.clear());
await page.reload();
await ready(page);
await page.click('[data-testid="action-approve"]');
await page.fill('[data-testid="token-input"]', tokens.expert);
await page.click('[data-testid="token-ok"]');
await until(page, 'approved', () => ['approved', 'dispatched'].includes(document.querySelector('[data-testid="action"]')?.dataset.state));
check('by whom', (await text(page, 'action')).includes('expert-ann'));
await until(page, 'and sent', () => document.querySelector('[data-testid="action"]')?.dataset.state === 'dispatched', null, 20000);

// ---- the server goes away and comes back
const kept = `${base}/monitor?model=${model}&stream=scouting&monitor=score&run=1&ls=30&theme=dark&log=1`;
await page.goto(kept);
await ready(page);
await drawn(page);
const requests = page.problems.length;
await tell('stop');
await until(page, 'lost', () => document.body.dataset.live === 'lost', null, 17000);
check('everything is stale', await page.$$eval('.state .word', (all) => all.length > 1 && all.every((w) => w.textContent === 'STALE')));
check('since when', /lost \d\d:\d\d:\d\d UTC/.test(await text(page, 'connection')));
check('the plots stay', await page.locator('[data-testid="plot-overlay"] svg path').count() > 3);
await tell('start');
const from = Date.now();
await until(page, 'live again', () => document.body.dataset.live === 'live', null, 10000);
console.log(`live again ${Date.now() - from} ms after the server`);
check('same address', page.url() === kept, page.url());
await ready(page);
check('same window, from the journal', (await page.textContent('.standing .fixed')) === 'run 1 LS 27-30', await page.textContent('.standing .fixed'));
await page.reload();
await ready(page);
await drawn(page);
check('a reload after the restart keeps it', page.url() === kept && await page.locator('[data-testid="plot-overlay"] svg path').count() > 3 && await attribute(page, 'app', 'data-theme') === 'dark');
check('console: only that nobody answered', page.problems.slice(requests).every((p) => /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_NETWORK/.test(p)), page.problems.slice(requests).slice(0, 3).join('; '));

// ---- the journal alone, read only
stream.stdin.write('end\n');
await new Promise((resolve) => stream.on('exit', resolve));
{
  const journal = serve(process.argv[2], ['serve', path.join(folder, 'j.db'), '--http', '127.0.0.1:0']);
  const url = await journal.url;
  const reader = await open(browser, url);
  check('journal: banner', (await text(reader, 'banner')).includes('JOURNAL'));
  check('journal: ended, never stale', await attribute(reader, 'app', 'data-live') === 'ended' && await attribute(reader, 'headline', 'data-state') === 'bad', await text(reader, 'headline'));
  for (const view of ['/actions', `/actions?id=${id}`, '/inputs', '/runs', `/model?model=${model}`, `/monitor?model=${model}&stream=scouting&monitor=score`]) {
    await reader.goto(url + view);
    await ready(reader);
    await drawn(reader).then(() => check(`journal ${view}: drawn`, true), () => check(`journal ${view}: drawn`, false));
  }
  check('journal: bad ranges lead to a monitor', (await (await fetch(`${url}/v1/runs`)).json()).runs[0].quality.bad > 0);
  await reader.goto(`${url}/runs`);
  await ready(reader);
  await reader.locator('.bad-link').first().click();
  await ready(reader);
  check('journal: such a link opens it', await reader.locator('[data-testid="view-monitor"] [data-testid="follow-live"]').count() === 1, reader.url());
  await drawn(reader);
  check('journal: console', reader.problems.length === 0, reader.problems.slice(0, 5).join('; '));
  await journal.stop();
}
await browser.close();
finish();
