// Starts `datacore demo` and a browser that looks at it, for the smoke test and the screenshots.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

/** How long the demo may take to fill itself, and to end, in milliseconds. */
const START = 300_000;
const END = 15_000;
/** Chromium asks nobody but the demo: no updates, no experiments, no accounts. */
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const DEBUG_BUILD = '../../../../target/debug/datacore';
/** The program to test: `DATACORE_BIN`, else the debug build. */
export const binary = process.env.DATACORE_BIN ?? fileURLToPath(new URL(DEBUG_BUILD, import.meta.url));

/** Runs the demo on a free port until `stop`; `rows` purchases for each year and store. @param {number} rows */
export async function startDemo(rows) {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('DATACORE_'));
  const program = spawn(binary, ['demo', '--rows', String(rows), '--listen', '127.0.0.1:0'],
    { env: Object.fromEntries(environment), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(program, 'exit');
  let errors = '';
  program.stderr.on('data', (text) => { errors += text; });
  const stop = async () => {
    const late = setTimeout(() => program.kill('SIGKILL'), END);
    program.kill('SIGINT');
    await ended;
    clearTimeout(late);
  };
  try {
    return { ...await introduction(program.stdout.setEncoding('utf8')), stop };
  } catch (error) {
    if (program.exitCode === null) await stop();
    throw new Error(`${binary} demo: ${/** @type {Error} */ (error).message}\n${errors.slice(-2000)}`);
  }
}

const READY = /ready: (?<url>\S+)[^]*Sign in with +(?<email>\S+)[^]*Password +(?<password>\S+)\n/;

/** What the demo prints when it is ready. @param {import('node:stream').Readable} output */
async function introduction(output) {
  const signal = AbortSignal.timeout(START);
  signal.addEventListener('abort', () => output.destroy(new Error('it was not ready in time')));
  let text = '';
  for await (const part of output) {
    text += part;
    const found = READY.exec(text)?.groups;
    if (found) return { url: found.url, email: found.email, password: found.password };
  }
  throw new Error(`it ended before it was ready\n${text}`);
}

/** Opens a browser that is the same wherever it runs. */
export async function openBrowser() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: QUIET });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  return { browser, page: await context.newPage() };
}

/** Signs in on the page. @param {import('playwright-core').Page} page @param {string} email @param {string} password */
export async function signIn(page, email, password) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
