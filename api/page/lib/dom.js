// Elements, tables and dialogs. Text always goes in as text nodes, so data can never become markup.

/** @import { Builder, Child, Column, Option, Props } from '../types.js' */

/** @param {unknown} value @returns {value is Props} */
const isProps = (value) => value?.constructor === Object;

/** @param {(tag: string) => any} create @returns {Builder<any, any>} */
const build = (create) => (name, ...rest) => {
  const [props, ...children] = /** @type {[Props, ...any[]]} */ (isProps(rest[0]) ? rest : [{}, ...rest]);
  const [tag, ...classes] = name.split('.');
  const element = create(tag);
  if (classes.length) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'vars') Object.entries(value).forEach(([name, one]) => element.style.setProperty(`--${name}`, one));
    else element.setAttribute(key, value === true ? '' : value);
  }
  // What is left out by a condition is false, null or undefined; 0 is shown.
  element.append(...children.flat(Infinity).filter((child) => (child ?? false) !== false));
  return element;
};

/**
 * Builds an HTML element: `h('p.note', { id }, 'text', child)`; `vars` sets CSS custom properties.
 * @type {Builder<HTMLElementTagNameMap, HTMLElement>}
 */
export const h = build((tag) => document.createElement(tag));
/** Builds an SVG element. @type {Builder<SVGElementTagNameMap, SVGElement>} */
export const s = build((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));

/** The element of index.html that has this id. @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Says something to screen readers. @param {string} text */
export const announce = (text) => { byId('announcer').textContent = text; };

/**
 * The head of a view: title, a line below it, and what can be done at its side.
 * @param {string} title @param {string} note @param {Child[]} aside
 */
export const pageHead = (title, note, ...aside) =>
  h('div.head', h('div', h('h1', title), h('p.muted', note)), aside);

/**
 * Links to a file in each format; `address` is a path of the interface that ends where the query goes on.
 * @param {string} label @param {string} address @param {boolean} [isSmall]
 */
export const downloads = (label, address, isSmall) => h('p.actions', h('small', isSmall ? 'Export' : label),
  [['csv', 'CSV'], ['parquet', 'Parquet'], ['arrow', 'Arrow']].slice(0, isSmall ? 2 : 3).map(([format, name]) => {
    const href = `/api/v1${address}format=${format}`;
    return h(isSmall ? 'a' : 'a.button', { href, download: true, 'aria-label': `${label} as ${name}` }, name);
  }));

/** The message that stands where something failed. @param {Error} problem */
export const failure = (problem) => h('p.message', { role: 'alert' }, problem.message);

/**
 * A button that is off while its work runs, and shows below itself what went wrong.
 * @param {'button' | `button.${string}`} name @param {string} label
 * @param {(button: HTMLButtonElement) => Promise<unknown>} work
 * @returns {[HTMLButtonElement, HTMLElement]}
 */
export function action(name, label, work) {
  const problem = h('span.wrong', { role: 'alert' });
  const run = async () => {
    button.disabled = true;
    problem.textContent = '';
    try { await work(button); } catch (error) { problem.textContent = error.message; }
    button.disabled = false;
  };
  const button = h(name, { type: 'button', onclick: run }, label);
  return [button, problem];
}

/**
 * Adds the pages of a list one by one: `load(cursor)` gives a page, `add(items)` shows it. Gives the button.
 * @template Item
 * @param {(cursor: string) => Promise<{items: Item[], next?: string | null}>} load @param {(items: Item[]) => void} add
 */
export async function pages(load, add) {
  /** @type {string | null | undefined} */
  let cursor;
  const next = async () => {
    const page = await load(cursor ? `&cursor=${encodeURIComponent(cursor)}` : '');
    add(page.items);
    cursor = page.next;
    more.hidden = !cursor;
  };
  const more = h('p.more', action('button', 'Show more', next));
  await next();
  return more;
}

/**
 * A select; options are [value, label] pairs.
 * @param {Props} attributes @param {readonly Option[]} options @param {string} [chosen]
 */
export const choice = (attributes, options, chosen) =>
  h('select', attributes, options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)));

/** What has an id and a name, as an option. @type {(thing: {id: string, name: string}) => Option} */
export const named = ({ id, name }) => [id, name];

/** A dialog with a title and a way out; removed when it is closed. @param {string} title @param {Child[]} content */
export function dialog(title, ...content) {
  const close = h('button', { type: 'button', 'aria-label': 'Close', onclick: () => element.close() }, '✕');
  /** @type {HTMLDialogElement} */
  const element = h('dialog', { 'aria-label': title, onclose: () => element.remove() },
    h('header', h('h2', title), close), content);
  document.body.append(element);
  element.showModal();
  return element;
}

/**
 * Asks before something that cannot be taken back.
 * @param {string} title @param {string} text @param {string} label @param {() => Promise<unknown>} work
 */
export const confirmed = (title, text, label, work) => {
  const act = action('button.danger', label, async () => { await work(); box.close(); });
  const box = dialog(title, h('p', text), h('p.actions', act));
};

/**
 * A table that scrolls inside itself; columns are [label, isNumber], rows are lists of cells.
 * @param {string} caption @param {readonly Column[]} columns @param {Child[][]} rows
 */
export const table = (caption, columns, rows) => h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': caption },
  h('table', h('caption.unseen', caption),
    h('thead', h('tr', columns.map(([label, number]) => h('th', { scope: 'col', class: number && 'number' }, label)))),
    h('tbody', rows.map((cells) => tableRow(columns, cells)))));

/** Where the rows of such a table are. @param {Element} box */
export const bodyOf = (box) => /** @type {HTMLTableSectionElement} */ (box.querySelector('tbody'));

/**
 * A row of such a table; on a narrow screen each cell carries its column's label.
 * @param {readonly Column[]} columns @param {Child[]} cells
 */
export const tableRow = (columns, cells) => h('tr', cells.map((cell, index) =>
  h('td', { class: columns[index][1] && 'number', 'data-label': columns[index][0] }, cell)));
