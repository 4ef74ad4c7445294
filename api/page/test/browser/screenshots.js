// Takes pictures of the demo for the README, into the folder that is named: node screenshots.js <folder>

import { join } from 'node:path';

import { openBrowser, signIn, startDemo } from './demo.js';

/** As much as the demo makes by itself. */
const ROWS = 30_000;
const WIDTH = 1280;
/** Less than what is between two rows of segments. */
const MARGIN = 12;

const demo = await startDemo(ROWS);
const { browser, page } = await openBrowser();
try {
  await page.goto(demo.url);
  await signIn(page, demo.email, demo.password);
  await page.locator('.reports a').first().click();
  await page.locator('.chart circle.median').first().waitFor();
  await readNews();
  await photograph(join(process.argv[2], 'report.png'));
} finally {
  await browser.close();
  await demo.stop();
}

/** What happened in the demo is old news. */
async function readNews() {
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await page.locator('.bell .count').waitFor({ state: 'hidden' });
  await page.keyboard.press('Escape');
}

/** The head of the report, down to its first row of segments. @param {string} path */
async function photograph(path) {
  const box = await page.locator('article.segment').first().boundingBox();
  if (!box) throw new Error('the report has no segment');
  await page.setViewportSize({ width: WIDTH, height: Math.ceil(box.y + box.height) + MARGIN });
  await page.mouse.move(0, 0);
  // The ring around what has the focus is for those who use a keyboard.
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  await page.screenshot({ path });
}
