// What the page says in each state, and how it behaves: words and shapes, order, wall, keyboard, hostile names, a server that
// goes away and comes back. Over the fixture server; the flows that act are in flow_test.mjs, over vigil.
import { check, drawn, finish, fixture, launch, open, ready, SIZES } from './browser.mjs';

const browser = await launch();
const text = (page, id) => page.textContent(`[data-testid="${id}"]`);
const attribute = (page, id, name) => page.getAttribute(`[data-testid="${id}"]`, name);
const tiles = (page) => page.$$eval('[data-testid="tile"]', (all) => all.map((t) => [t.dataset.model, t.dataset.state, t.querySelector('[data-testid="tile-state"]').textContent.trim()]));

// ---- six streams: order, words, counts, what a tile holds
{
  const server = fixture('six');
  const page = await open(browser, await server.url);
  const six = await tiles(page);
  check('six tiles, worst first', six.map((t) => t[1]).join() === 'bad,medium,unknown,unknown,good,good', six);
  check('the word of each state', six.every(([, state, word]) => word === state.toUpperCase()), six);
  check('title begins with the state', (await page.title()).startsWith('BAD'), await page.title());
  check('headline', await attribute(page, 'headline', 'data-state') === 'bad' && (await text(page, 'headline')).includes('topo_hh scouting: loss ks 0.214 over 0.1'), await text(page, 'headline'));
  const bad = page.locator('[data-testid="tile"][data-model="topo_hh"]');
  check('counts of a family', (await bad.locator('[data-family="inputs"]').textContent()).includes('2 of 57 unknown'), await bad.locator('[data-family="inputs"]').textContent());
  check('families in order', (await bad.locator('[data-testid="tile-family"]').evaluateAll((all) => all.map((f) => f.dataset.family))).join() === 'agreement,score,inputs,rates,data');
  check('run and lumisection', await bad.locator('[data-testid="tile-run"]').textContent() === 'run 398601 LS 41');
  check('reason', (await bad.locator('[data-testid="tile-reason"]').textContent()) === 'loss ks 0.214 over 0.1');
  check('rate and target', (await bad.locator('.tile-rates').textContent()).includes('target 60'));
  check('open actions', (await bad.textContent()).includes('1 open action'));
  check('no banner', await page.locator('[data-testid="banner"]').count() === 0);
  const shapes = await page.$$eval('[data-testid="tile"]', (all) => Object.fromEntries(all.map((t) => [t.dataset.state, t.querySelector('[data-testid="tile-state"] svg').firstChild.outerHTML])));
  check('a shape of its own for each state', new Set(Object.values(shapes)).size === Object.keys(shapes).length && Object.keys(shapes).length === 4, shapes);
  const strips = await page.$$eval('.strip rect', (all) => [...new Set(all.map((r) => `${r.getAttribute('class')} ${r.getAttribute('height')}`))]);
  check('a strip reads without colour', strips.length === 4 && new Set(strips.map((s) => s.split(' ')[1])).size === 4, strips);
  const before = Number(await bad.locator('[data-testid="age"]').first().getAttribute('data-age-s'));
  await page.waitForTimeout(2200);
  const after = Number(await bad.locator('[data-testid="age"]').first().getAttribute('data-age-s'));
  check('ages run on', after > before + 1 && after < before + 4, [before, after]);
  check('only its own origin is asked', page.requested.every((url) => new URL(url).origin === new URL(page.url()).origin));
  check('no plot library on the overview', !page.requested.some((url) => /jsroot|uPlot/.test(url)));

  // keyboard
  await page.keyboard.press('j');
  check('j goes to the first tile', await page.evaluate(() => document.activeElement.dataset.model) === 'topo_hh');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  check('k goes back', await page.evaluate(() => document.activeElement.dataset.state) === 'medium');
  await page.keyboard.press('Enter');
  await ready(page);
  check('Enter opens', await page.locator('[data-testid="view-model"]').count() === 1 && page.url().includes('stream=express'), page.url());
  await page.keyboard.press('/');
  await page.keyboard.type('met');
  const rows = await page.$$eval('[data-testid="monitor-row"]', (all) => all.map((r) => r.dataset.monitor));
  check('/ filters', rows.length === 2 && rows.every((m) => m.includes('met')), rows);
  check('the filter is in the URL', page.url().includes('filter=met'), page.url());
  await page.keyboard.press('Escape');
  for (const [key, view] of [['a', 'view-actions'], ['i', 'view-inputs'], ['r', 'view-runs'], ['o', 'view-overview']]) {
    await page.keyboard.press(key);
    await ready(page);
    check(`${key} opens ${view}`, await page.locator(`[data-testid="${view}"]`).count() === 1);
  }
  await page.keyboard.press('r');
  await ready(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await ready(page);
  check('Enter opens a run', page.url().includes('/runs?run='), page.url());
  await page.keyboard.press('l');
  await ready(page);
  check('l leaves it', !page.url().includes('run='), page.url());
  await page.keyboard.press('o');
  await ready(page);
  await page.goBack();
  await ready(page);
  check('back', await page.locator('[data-testid="view-runs"]').count() === 1);
  await page.keyboard.press('t');
  check('t turns the theme', await attribute(page, 'app', 'data-theme') === 'dark' && page.url().includes('theme=dark'));
  await page.keyboard.press('?');
  check('? shows help', (await page.textContent('dialog[open]')).includes('window before and after'));
  await page.keyboard.press('o');
  check('no key acts behind a dialog', await page.locator('[data-testid="view-runs"]').count() === 1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('o');
  await ready(page);
  await page.keyboard.press('w');
  await ready(page);

  // wall
  check('w is the wall', await attribute(page, 'app', 'data-wall') === 'true' && page.url().includes('wall=1') && page.url().includes('theme=dark'), page.url());
  const wall = await page.evaluate(() => ({
    scroll: document.documentElement.scrollHeight - innerHeight, controls: document.querySelectorAll('button, input, nav').length,
    words: [...document.querySelectorAll('[data-testid="tile-state"] .word, .tile h2')].map((n) => parseFloat(getComputedStyle(n).fontSize)),
    reasons: [...document.querySelectorAll('[data-testid="tile-reason"]')].map((n) => parseFloat(getComputedStyle(n).fontSize)),
    cut: [...document.querySelectorAll('[data-testid="tile"]')].filter((t) => t.getBoundingClientRect().bottom > innerHeight || t.scrollHeight > t.clientHeight + 4).length,
    hidden: [...document.querySelectorAll('[data-testid="tile-family"] .word')].filter((n) => { const tile = n.closest('[data-testid="tile"]').getBoundingClientRect(); const r = n.getBoundingClientRect(); return r.bottom > tile.bottom || r.height === 0; }).length,
  }));
  check('the wall does not scroll', wall.scroll <= 0 && wall.cut === 0 && wall.hidden === 0, wall);
  check('the wall has no controls', wall.controls === 0, wall.controls);
  check('letters of 64 px', wall.words.length === 12 && wall.words.every((px) => px >= 64), wall.words);
  check('reasons of 32 px', wall.reasons.every((px) => px >= 32), wall.reasons);
  check('console', page.problems.length === 0, page.problems);
  await server.stop();
  await page.context().close();
}

// ---- a server that goes away, and comes back on its address
{
  const server = fixture('bad');
  const url = await server.url;
  const page = await open(browser, `${url}/monitor?model=axol1tl&stream=scouting&monitor=loss`);
  await drawn(page);
  check('monitor is bad', await attribute(page, 'view-monitor', 'data-state') === 'bad');
  check('caption', (await page.textContent('[data-testid="plot-overlay"] [data-testid="plot-caption"]')).startsWith('window run 398601 LS 31-40, ') && (await page.textContent('[data-testid="plot-overlay"] [data-testid="plot-caption"]')).includes('; reference learn:20, run 398601 LS 1-20, '));
  for (const plot of ['plot-overlay', 'plot-ratio', 'plot-residual', 'plot-trend']) {
    const figure = page.locator(`[data-testid="${plot}"]`);
    check(`${plot}: a drawing with a label, numbers`, (await figure.locator('[role="img"]').getAttribute('aria-label')).length > 10 && await figure.locator('details table tbody tr').count() > 10);
    check(`${plot}: something is drawn`, await figure.locator('.drawing :is(canvas, path)').count() > 0);
  }
  await page.click('[data-testid="axis-log"]');
  await drawn(page);
  check('log axis is in the URL', page.url().includes('log=1') && await page.getAttribute('[data-testid="axis-log"]', 'aria-pressed') === 'true');
  const numbers = await page.textContent('.figures');
  await server.stop();
  await page.waitForSelector('[data-testid="app"][data-live="lost"]', { timeout: 17000 });
  check('lost: every state is stale', await page.$$eval('.state .word', (all) => all.every((w) => w.textContent === 'STALE')) && await attribute(page, 'headline', 'data-state') === 'stale');
  check('lost: since when', /lost \d\d:\d\d:\d\d UTC/.test(await text(page, 'connection')), await text(page, 'connection'));
  check('lost: numbers stay', (await page.textContent('.figures')).slice(0, 12) === numbers.slice(0, 12));
  check('lost: title', (await page.title()).startsWith('STALE'));
  const again = fixture('bad', Number(new URL(url).port));
  await again.url;
  const from = Date.now();
  await page.waitForSelector('[data-testid="app"][data-live="live"]', { timeout: 12000 });
  check('back within 10 s', Date.now() - from < 10000, `${Date.now() - from} ms`);
  check('back: bad again', await attribute(page, 'headline', 'data-state') === 'bad');
  await again.stop();
  await page.context().close();
}

// ---- other states
for (const [scenario, state, words] of [['good', 'good', 'good'], ['stale', 'stale', 'no lumisection closed'], ['learning', 'unknown', '12 of 20'], ['empty', 'unknown', 'no stream']]) {
  const server = fixture(scenario);
  const page = await open(browser, await server.url);
  check(`${scenario}: headline`, await attribute(page, 'headline', 'data-state') === state && (await text(page, 'headline')).includes(words), await text(page, 'headline'));
  check(`${scenario}: live`, await attribute(page, 'app', 'data-live') === 'live');
  await server.stop();
  await page.context().close();
}
{
  const server = fixture('journal');
  const page = await open(browser, await server.url);
  check('journal: banner and ended', (await text(page, 'banner')).includes('JOURNAL') && await attribute(page, 'app', 'data-live') === 'ended');
  await server.stop();
  await page.waitForTimeout(3000);
  check('journal: never stale', await attribute(page, 'headline', 'data-state') === 'bad' && await attribute(page, 'app', 'data-live') === 'ended');
  await page.context().close();
}

// ---- built without the plot libraries: tables, and it says so
{
  const server = fixture('bad', 0, '/nonexistent');
  const page = await open(browser, `${await server.url}/monitor?model=axol1tl&stream=scouting&monitor=loss`);
  await drawn(page);
  const figure = page.locator('[data-testid="plot-overlay"]');
  check('no plots: the table is open and says why', (await figure.locator('details[open]').textContent()).includes('built without the plot libraries') && await figure.locator('tbody tr').count() > 10);
  check('no plots: no empty drawing, no error', await page.locator('.drawing').count() === 0 && page.problems.length === 0, page.problems);
  await server.stop();
  await page.context().close();
}

// ---- hostile names: text, cut, whole in the title
{
  const server = fixture('hostile');
  const page = await open(browser, await server.url, { size: SIZES.phone });
  const tile = page.locator('[data-testid="tile"]').first();
  const heading = tile.locator('h2');
  check('hostile: shown as text', (await heading.textContent()).startsWith('<img src=x onerror="window.hacked=1"><script>'));
  check('hostile: no control characters', !/[\u0000-\u001f\u202a-\u202e]/.test(await page.textContent('#page')));
  check('hostile: whole in the title', (await heading.getAttribute('title')).length === 4096);
  check('hostile: cut', await heading.evaluate((n) => n.scrollWidth > n.clientWidth && getComputedStyle(n).textOverflow === 'ellipsis'));
  check('hostile: the state is on screen', await tile.locator('[data-testid="tile-state"]').evaluate((n) => { const r = n.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth; }));
  await tile.click();
  await ready(page);
  check('hostile: its view', await page.locator('[data-testid="view-model"]').count() === 1 && (await page.locator('[data-testid="monitor-row"]').count()) > 10);
  check('hostile: layout', await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  check('hostile: nothing ran', await page.evaluate(() => window.hacked === undefined));
  check('hostile: no injected element', await page.locator('img, iframe, [onerror]').count() === 0);
  await server.stop();
  await page.context().close();
}
await browser.close();
finish();
