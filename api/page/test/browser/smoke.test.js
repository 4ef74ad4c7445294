// A person's way through the page in a real browser: signs in, uploads a file, sees it become a dataset, asks for a
// report and reads it. The service is the demo, with everything that it is made of.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { binary, openBrowser, signIn, startDemo } from './demo.js';
import { witness } from './witness.js';

const ROWS = 3_000;
/** How long anything may take to be seen, in milliseconds; a debug build is slow. */
const WAIT = 20_000;
const FILE = 'corner-shop.csv';
/** Asking who is there before anybody is, a wrong password, a file that is here already. */
const EXPECTED = [/^401 GET .*\/users\/me$/, /^401 POST .*\/sessions\/page$/, /^409 POST .*\/uploads$/];

/** @type {Awaited<ReturnType<typeof startDemo>>} */
let demo;
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('playwright-core').Page} */
let page;
/** @type {string[]} */
let wrong;

before(async () => {
  demo = await startDemo(ROWS);
  ({ browser, page } = await openBrowser());
  page.setDefaultTimeout(WAIT);
  wrong = witness(page, demo.url, EXPECTED);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

test('a wrong password is refused in words, the right one leads to the reports', async () => {
  await page.goto(demo.url);
  await see('heading', 'Know who your shoppers are');
  await signIn(page, demo.email, 'not-the-password');
  await page.getByRole('alert').filter({ hasText: /password/i }).waitFor();
  await signIn(page, demo.email, demo.password);
  await see('heading', 'Segments');
  await page.locator('.reports .badge.good').nth(1).waitFor();
});

test('an uploaded file becomes a dataset, and the same content is not taken twice', async () => {
  await page.getByRole('navigation').getByText('Data', { exact: true }).click();
  await see('heading', 'Upload');
  const buffer = await purchases();
  await send(FILE, buffer);
  await row(FILE).getByText('Ready').waitFor();
  await send('copy.csv', buffer);
  await row('copy.csv').getByText('Already here').waitFor();
  assert.match(await row('copy.csv').innerText(), new RegExp(`Same content as ${FILE}`));
});

test('a dataset shows what was recognised and its first rows', async () => {
  await row(FILE).getByRole('link', { name: FILE }).click();
  await see('heading', FILE);
  const shape = page.locator('.tiles .card').filter({ hasText: 'Each row is' }).locator('dd');
  assert.equal(await shape.innerText(), 'a purchase');
  const roles = page.getByRole('region', { name: 'Columns' }).getByRole('combobox');
  const chosen = await roles.evaluateAll((/** @type {HTMLSelectElement[]} */ selects) => selects.map(({ value }) => value));
  for (const role of ['shopper', 'order', 'time', 'product']) assert(chosen.includes(role), `${role} of ${chosen}`);
  assert.equal(await page.getByRole('region', { name: 'First rows' }).locator('tbody tr').count(), 20);
});

test('a report is made of it and can be read', async () => {
  await page.getByRole('button', { name: 'Find segments' }).click();
  await see('heading', /^\d+ segments of \d+ shoppers$/);
  const cards = page.locator('article.segment');
  const count = await cards.count();
  assert.equal((await page.locator('h1').innerText()).split(' ')[0], String(count));
  for (const text of await cards.allInnerTexts()) assert.match(text, /Do next: \S/);
  assert.equal(await page.locator('.chart circle.median').count(), count);
  await page.getByText(`Why ${count} segments`).waitFor();
});

test('the scatter tells who is under the pointer, and its segments can be picked out', async () => {
  await page.locator('.chart circle.point').first().hover();
  await page.locator('.chart .hover').filter({ hasText: /^Shopper \S+/ }).waitFor();
  await page.getByRole('group', { name: 'Pick out a segment' }).getByRole('button').first().click();
  assert.equal(await page.locator('.chart circle.median').count(), 1);
  await page.getByRole('combobox', { name: 'Across' }).selectOption({ label: 'Orders' });
  await page.getByRole('img', { name: /shoppers: Orders across/ }).waitFor();
});

test('a segment is exported as a file', async () => {
  const link = page.getByRole('link', { name: /^Export .+ as CSV$/ }).first();
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.match(download.suggestedFilename(), /\.csv$/);
  assert.equal(await download.failure(), null);
});

test('the other views, the activity and the bell know what happened', async () => {
  const tab = (/** @type {string} */ name) => page.getByRole('navigation').getByText(name, { exact: true }).click();
  await tab('People');
  await page.getByRole('region', { name: 'People' }).getByText(demo.email).waitFor();
  await tab('Activity');
  await page.locator('.events li').filter({ hasText: `${FILE} was uploaded` }).waitFor();
  await page.locator('.events li').filter({ hasText: /segments? found among/ }).first().waitFor();
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.locator('#news').getByText(FILE).first().waitFor();
  await page.keyboard.press('Escape');
});

test('signing out ends at the door', async () => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await see('heading', 'Know who your shoppers are');
});

test('no error, no other host and no failed request was seen on the way', () => {
  assert.deepEqual(wrong, []);
});

test('what tests the page is not served', async () => {
  for (const file of ['package.json', 'test/words.test.js', 'lib/../package.json', 'lib%2F..%2Fpackage.json']) {
    assert.equal((await fetch(`${demo.url}/page/${file}`)).status, 404, file);
  }
});

/** @param {'heading'} role @param {string | RegExp} name */
const see = (role, name) => page.getByRole(role, { name, exact: true }).first().waitFor();

/** @param {string} name */
const row = (name) => page.getByRole('region', { name: 'Files' }).getByRole('row')
  .filter({ has: page.locator('strong', { hasText: name }) });

/** Chooses a file for upload. @param {string} name @param {Buffer} buffer */
const send = (name, buffer) => page.getByLabel('CSV files').setInputFiles({ name, mimeType: 'text/csv', buffer });

/** A file that the demo does not have. */
async function purchases() {
  const generate = ['generate', '--rows', String(ROWS), '--seed', '9'];
  return Buffer.from((await promisify(execFile)(binary, generate, { maxBuffer: 1e8 })).stdout);
}
