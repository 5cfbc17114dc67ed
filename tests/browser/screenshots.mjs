// Pictures of every view: of the fixture's scenarios (all of them, or those named), or of a running vigil.
// usage: node tests/browser/screenshots.mjs OUT [SCENARIO…] | OUT --url URL | --overview docs/overview.png
import { mkdirSync } from 'node:fs';
import { drawn, fixture, launch, open, SIZES } from './browser.mjs';

const SCENARIOS = ['good', 'bad', 'medium', 'unknown', 'stale', 'learning', 'empty', 'six', 'hostile', 'journal'];
const ACTION = '6ba7b811-9dad-51d1-80b4-00c04fd430c8';
const of = 'model=axol1tl&stream=scouting';
const VIEWS = { overview: '/', model: `/model?${of}`, monitor: `/monitor?${of}&monitor=loss&window=10ls`, mismatch: `/monitor?${of}&monitor=mismatch/loss`, seed: `/monitor?${of}&monitor=seed/L1_AXO_Nominal`, actions: '/actions', action: `/actions?id=${ACTION}`, inputs: '/inputs', runs: '/runs' };
const join = (url, more) => url + (more ? (url.includes('?') ? '&' : '?') + more : '');

const [out, ...rest] = process.argv.slice(2);
const browser = await launch();
if (out === '--overview') {
  const server = fixture('six');
  const page = await open(browser, await server.url, { size: { width: 1240, height: 800 } });
  await page.screenshot({ path: rest[0], fullPage: false });
  await server.stop();
} else {
  mkdirSync(out, { recursive: true });
  const only = process.env.VIEWS?.split(','), sizes = process.env.SIZES?.split(',') ?? Object.keys(SIZES), themes = process.env.THEMES?.split(',') ?? ['light', 'dark'];
  for (const scenario of rest[0] === '--url' ? ['live'] : rest.length ? rest : SCENARIOS) {
    const server = scenario === 'live' ? null : fixture(scenario);
    const base = server ? await server.url : rest[1];
    for (const [name, url] of Object.entries(VIEWS)) {
      if (only && !only.includes(name)) continue;
      for (const size of [...sizes, ...(name === 'overview' ? ['wall'] : [])]) {
        for (const theme of themes) {
          const page = await open(browser, base + join(url, `theme=${theme}${size === 'wall' ? '&wall=1' : ''}`), { size: SIZES[size] ?? SIZES.desk });
          await drawn(page).catch(() => console.log(`not drawn: ${scenario} ${name}`));
          await page.screenshot({ path: `${out}/${scenario}-${name}-${size}-${theme}.png`, fullPage: size !== 'wall' });
          if (page.problems.length) console.log(`${scenario} ${name} ${size} ${theme}: ${page.problems.join('; ').slice(0, 1000)}`);
          await page.context().close();
        }
      }
    }
    await server?.stop();
  }
}
await browser.close();
