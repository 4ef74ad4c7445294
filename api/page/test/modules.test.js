// The page's modules know each other in one direction: app, then views, then the interface and the libraries.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('..', import.meta.url));
const modules = ['.', 'lib', 'views'].flatMap((folder) =>
  readdirSync(join(PAGE, folder)).filter((name) => name.endsWith('.js')).map((name) => join(folder, name)));
const imports = new Map(modules.map((module) => [module, importsOf(module)]));

/** The modules that one imports when it runs. @param {string} module */
function importsOf(module) {
  const text = readFileSync(join(PAGE, module), 'utf8');
  return [...text.matchAll(/^(?:import .*|\}) from '(.+)';$/gm)].map(([, path]) => join(dirname(module), path));
}

test('libraries know libraries, the interface knows nothing, and nothing knows the app', () => {
  for (const [module, known] of imports) {
    const allowed = module === 'api.js' ? /^$/ : module.startsWith('lib/') ? /^lib\// : /^(lib|views)\/|^api\.js$/;
    for (const other of known) assert.match(other, allowed, `${module} imports ${other}`);
  }
});

test('everything is reached from the app, and nothing over a circle', () => {
  /** @type {Set<string>} */
  const reached = new Set();
  const visit = (/** @type {string} */ module, /** @type {string[]} */ way) => {
    assert(!way.includes(module), `a circle: ${[...way, module].join(' → ')}`);
    reached.add(module);
    imports.get(module)?.forEach((other) => visit(other, [...way, module]));
  };
  visit('app.js', []);
  assert.deepEqual([...reached].toSorted(), modules.toSorted());
});
