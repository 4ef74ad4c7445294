// Elements, tables and lists, drawn into a small stand-in for the document.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { seen, settled } from './document.js';
import { action, choice, downloads, h, pages, s, table } from '../lib/dom.js';

/** The markup of what was drawn. @param {unknown} element */
const markup = (element) => seen(element).outerHTML;

describe('an element', () => {
  test('has classes, attributes and children', () => {
    assert.equal(markup(h('p.note.wide', { id: 'a', hidden: true }, 'text ', h('b', 'bold'), [['nested']])),
      '<p class="note wide" id="a" hidden>text <b>bold</b>nested</p>');
  });

  test('leaves out what a condition left out, and shows zero', () => {
    assert.equal(markup(h('p', { title: undefined, lang: null, draggable: false }, false, null, undefined, 0, '')),
      '<p>0</p>');
  });

  test('takes data as text, never as markup', () => {
    assert.equal(markup(h('p', { title: '"><script>' }, '<img src=x onerror=alert(1)>')),
      '<p title="&quot;&gt;&lt;script&gt;">&lt;img src=x onerror=alert(1)&gt;</p>');
  });

  test('listens, and has CSS variables without a style attribute, which the security policy forbids', () => {
    let count = 0;
    const element = seen(h('i', { onclick: () => { count += 1; }, vars: { c: 'red', share: 0.5 } }));
    element.does('click');
    assert.equal(count, 1);
    assert.deepEqual([element.vars, element.outerHTML], [{ '--c': 'red', '--share': 0.5 }, '<i></i>']);
  });

  test('of SVG is in its namespace', () => {
    assert.equal(seen(s('circle', { r: 3 })).namespaceURI, 'http://www.w3.org/2000/svg');
  });
});

describe('a table', () => {
  test('has a caption, heads of columns and labelled cells', () => {
    const box = seen(table('Stores', [['Name'], ['Rows', true]], [['Centro', '12']]));
    assert.equal(box.getAttribute('aria-label'), 'Stores');
    assert.equal(box.querySelector('thead')?.outerHTML,
      '<thead><tr><th scope="col">Name</th><th scope="col" class="number">Rows</th></tr></thead>');
    assert.equal(box.querySelector('tbody')?.outerHTML,
      '<tbody><tr><td data-label="Name">Centro</td><td class="number" data-label="Rows">12</td></tr></tbody>');
  });
});

describe('a choice', () => {
  test('has the chosen option', () => {
    const select = seen(choice({ name: 'role' }, [['viewer', 'Viewer'], ['owner', 'Owner']], 'owner'));
    assert.equal(select.value, 'owner');
    assert.equal(select.querySelectorAll('option')[1].outerHTML, '<option value="owner" selected>Owner</option>');
  });
});

describe('downloads', () => {
  test('go on with the query of their address', () => {
    const links = (/** @type {boolean} */ isSmall) =>
      seen(downloads('Rows', '/x?a=1&', isSmall)).querySelectorAll('a').map((link) => link.getAttribute('href'));
    assert.deepEqual(links(false), ['csv', 'parquet', 'arrow'].map((format) => `/api/v1/x?a=1&format=${format}`));
    assert.deepEqual(links(true), ['csv', 'parquet'].map((format) => `/api/v1/x?a=1&format=${format}`));
  });
});

describe('an action', () => {
  test('is off while it runs, and shows what went wrong until the next try', async () => {
    let isFirst = true;
    const work = async () => {
      if (isFirst) throw new Error('Not now.');
    };
    const [button, problem] = action('button', 'Go', work).map(seen);
    button.does('click');
    assert.equal(button.disabled, true);
    await settled();
    assert.deepEqual([button.disabled, problem.textContent], [false, 'Not now.']);
    isFirst = false;
    button.does('click');
    await settled();
    assert.deepEqual([button.disabled, problem.textContent], [false, '']);
  });
});

describe('pages', () => {
  test('come one by one until there is no next one', async () => {
    /** @type {string[]} */
    const cursors = [];
    /** @type {number[]} */
    const shown = [];
    const answers = [{ items: [1, 2], next: 'a b' }, { items: [3], next: null }];
    const load = async (/** @type {string} */ cursor) => answers[cursors.push(cursor) - 1];
    const more = seen(await pages(load, (items) => shown.push(...items)));
    assert.deepEqual([shown, more.hidden], [[1, 2], false]);
    more.querySelector('button')?.does('click');
    await settled();
    assert.deepEqual([shown, more.hidden, cursors], [[1, 2, 3], true, ['', '&cursor=a%20b']]);
  });
});
