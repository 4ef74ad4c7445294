// Stores and files: adding stores, and choosing files to upload.

import { all, call } from '../api.js';
import { choice, h, named, pageHead } from '../lib/dom.js';
import { form } from '../lib/form.js';
import { fileList } from './files.js';

/** @import { StoreRow } from '../service.js' */
/** @import { Context } from '../types.js' */
/** @import { Files } from './files.js' */

/** The view of stores and files. @param {Context} context */
export async function data(context) {
  /** @type {StoreRow[]} */
  const stores = await all(`${context.base}/stores`, context);
  if (stores.length === 0) {
    return [pageHead('Data', 'Start with the store whose purchases you have.'),
      h('div.split', storesCard(context, stores), steps(context))];
  }
  const files = await fileList(context, stores);
  const onward = h('a.button', { href: context.link('segments') }, 'Find segments →');
  return [pageHead('Data', 'What your stores exported, as you uploaded it.', onward),
    h('div.split', storesCard(context, stores),
      h('div.fields', context.mayAnalyse && uploadCard(stores, files), files.card))];
}

/** What a new company does first. @param {Context} context */
function steps(context) {
  /** @type {(number: number, title: string, text: string) => HTMLElement} */
  const step = (number, title, text) => h('li', h('span.dot', { vars: { c: 'var(--accent)' } }, number),
    h('div', h('strong', title), h('p.muted', text)));
  return h('section.card', h('h2', 'From purchases to segments'), h('ol.steps',
    step(1, 'Add a store', context.mayOwn ? 'Each file belongs to a store.' : 'An owner has to do this.'),
    step(2, 'Upload its purchases', 'A CSV file with a row per purchase: who bought, when, how many, at what price.'),
    step(3, 'Find segments', 'Groups of shoppers who buy alike, what each brings, and what to do for it.')));
}

/** @param {Context} context @param {StoreRow[]} stores */
function storesCard(context, stores) {
  const add = form({
    fields: [{ name: 'name', label: 'Store name', required: true }, { name: 'city', label: 'City' }],
    label: 'Add store',
    busy: 'Adding …',
    submit: async (given) => {
      await call('POST', `${context.base}/stores`, { body: given });
      context.reload();
    },
  });
  const item = (/** @type {StoreRow} */ store) => h('li', h('span', store.name), h('small', store.city));
  return h('section.card', h('h2', stores.length ? 'Stores' : 'Add your first store'),
    stores.length > 0 && h('ul.stores', stores.map(item)),
    context.mayOwn && (stores.length ? h('details', h('summary', 'Add a store'), add) : add));
}

/** @param {StoreRow[]} stores @param {Files} files */
function uploadCard(stores, files) {
  const store = choice({ 'aria-label': 'Store that the files come from' }, stores.map(named));
  const send = (/** @type {Iterable<File> | null | undefined} */ chosen) => files.send(store.value, [...chosen ?? []]);
  const picked = () => { send(input.files); input.value = ''; };
  const kinds = '.csv,.tsv,.txt,.gz,.zst,.zip,text/csv';
  const chooser = { type: 'file', multiple: true, accept: kinds, 'aria-label': 'CSV files', onchange: picked };
  /** @type {HTMLInputElement} */
  const input = h('input', chooser);
  const over = (/** @type {boolean} */ is) => (/** @type {Event} */ event) => {
    event.preventDefault();
    zone.classList.toggle('over', is);
  };
  const drop = (/** @type {DragEvent} */ event) => { over(false)(event); send(event.dataTransfer?.files); };
  /** @type {HTMLElement} */
  const zone = h('div.drop', { ondragover: over(true), ondragleave: over(false), ondrop: drop },
    h('strong', 'Drop CSV files here, or choose them'),
    h('small', 'One row per purchase, or one row per shopper. Columns and formats are recognised.'), input);
  return h('section.card', h('h2', 'Upload'), h('p.bar-line', h('span', 'From store'), store), zone);
}
