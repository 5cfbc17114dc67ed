// axe-core finds no violation in any view, in both themes and all sizes; no view scrolls sideways; no console error; plots
// are drawn. Over the fixture server, whose states are hard to bring about all at once. Bad with everything, the other
// scenarios in one theme and size each, taken in turn.
import { axeSource, check, drawn, finish, fixture, launch, open, SIZES } from './browser.mjs';

const of = 'model=axol1tl&stream=scouting';
const ACTION = '6ba7b811-9dad-51d1-80b4-00c04fd430c8';
const VIEWS = ['/', `/model?${of}`, `/monitor?${of}&monitor=loss&window=10ls`, `/monitor?${of}&monitor=mismatch/loss&log=1`, `/monitor?${of}&monitor=seed/L1_AXO_Nominal&run=398601&ls=35`, `/monitor?${of}&monitor=data`,
  '/actions', `/actions?id=${ACTION}`, '/inputs', '/runs', '/?wall=1'];
const SOME = ['/', `/model?${of}`, `/monitor?${of}&monitor=loss`, '/actions', '/inputs'];
const SCENARIOS = ['good', 'medium', 'unknown', 'stale', 'learning', 'empty', 'six', 'hostile', 'journal'];

const browser = await launch();
const axe = axeSource();
let turn = 0;

// One view in one theme, in several sizes one after the other.
async function audit(scenario, base, view, theme, sizes) {
  const url = base + view + (view.includes('?') ? '&' : '?') + `theme=${theme}`;
  const page = await open(browser, url, { size: SIZES[sizes[0]] });
  await page.evaluate(axe);
  for (const size of sizes) {
    await page.setViewportSize(SIZES[size]);
    await look(page, `${scenario} ${view} ${size} ${theme}`);
  }
  await page.context().close();
}

async function look(page, what) {
  await drawn(page).catch(() => check(`${what}: plots drawn`, false));
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations
    .map((v) => `${v.id} (${v.help}): ${v.nodes.slice(0, 2).map((n) => `${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join(' ').slice(0, 200)}`).join(' | ')}`));
  check(`${what}: axe`, found.length === 0, found.join('\n  '));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${what}: no sideways scrolling`, wide <= 0, `${wide} px`);
  check(`${what}: console`, page.problems.length === 0, page.problems.join('; ').slice(0, 600));
  check(`${what}: nothing hostile ran`, await page.evaluate(() => window.hacked === undefined));
}

for (const scenario of ['bad', ...SCENARIOS]) {
  const server = fixture(scenario);
  const base = await server.url;
  for (const view of scenario === 'bad' ? VIEWS : SOME) {
    const sizes = view.includes('wall') ? ['desk'] : Object.keys(SIZES);
    if (scenario === 'bad') for (const theme of ['light', 'dark']) await audit(scenario, base, view, theme, sizes);
    else await audit(scenario, base, view, turn % 2 ? 'light' : 'dark', [sizes[turn++ % sizes.length]]);
  }
  await server.stop();
}
await browser.close();
finish();
