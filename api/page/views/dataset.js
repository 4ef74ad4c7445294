// A dataset: what its columns are and mean, and its first rows.

import { call, get, pause } from '../api.js';
import { action, announce, choice, downloads, h, named, pageHead, table } from '../lib/dom.js';
import { counted, number, time, whole, words } from '../lib/words.js';
import { dialectCard, questions } from './dialect.js';
import { rejects } from './files.js';
import { askForm } from './segments.js';

/** @import { Column as Described, DatasetBody, Overlap, UploadBody } from '../service.js' */
/** @import { Child, Context, Option } from '../types.js' */
/** @typedef {Map<string, HTMLSelectElement>} Selects the choice of a role for each column */

const NUMERIC = ['integer', 'decimal'];
const DATED = ['date', 'timestamp'];
/** Roles that only some types of column can have. @type {Record<string, string[]>} */
const NEEDS = { quantity: NUMERIC, unit_price: NUMERIC, amount: NUMERIC, time: DATED };
const ROLES = ['shopper', 'order', 'time', 'quantity', 'unit_price', 'amount', 'product', 'category', 'feature'];

/** The view of a dataset. @param {Context} context @param {string} id */
export async function dataset(context, id) {
  const path = `${context.base}/datasets/${id}`;
  /** @type {[{body: DatasetBody, etag: string | null}, {items: Record<string, unknown>[]}]} */
  const [{ body, etag }, rows] = await Promise.all([call('GET', path, context), get(`${path}/rows?limit=20`, context)]);
  const [upload, store] = await Promise.all([
    get(`${context.base}/uploads/${body.upload_id}`, context),
    get(`${context.base}/stores/${body.store_id}`, context).catch(() => null),
  ]);
  const origin = [store?.name, `uploaded ${time(upload.uploaded_at)}`, body.encoding].filter(Boolean).join(' · ');
  return [
    h('div', h('a.back', { href: context.link('data') }, '← Data'),
      pageHead(upload.filename, origin, downloads('Download', `${path}/download?`))),
    facts(context, body, upload),
    overlaps(context, body),
    questions(context, body, upload),
    h('div.split',
      h('section.card', h('h2', 'Find segments in this file'), ask(context, body)),
      columns(context, body, etag)),
    preview(body, rows.items),
    dialectCard(context, body, upload),
  ].filter(Boolean);
}

/** Which orders stand in other files of the store too. @param {Context} context @param {DatasetBody} body */
function overlaps(context, { overlaps, repeated_row_count: repeated }) {
  const link = (/** @type {Overlap} */ { dataset_id: id, order_count: count }) =>
    h('li', h('a', { href: context.link('data', id) }, `${counted(count, 'order')} also in another file`));
  const [others, repeats] = [overlaps ?? [], repeated ?? 0];
  if (others.length === 0 && repeats === 0) return null;
  return h('div.note',
    others.length > 0 && [h('p', 'Orders that stand in several files of the store count once, as the newest file has them.'),
      h('ul', others.map(link))],
    repeats > 0 && h('p', `${counted(repeats, 'row')} repeat an earlier one word for word. They were kept and count.`));
}

/** @param {Context} context @param {DatasetBody} body @param {UploadBody} upload */
function facts(context, body, upload) {
  const see = () => rejects(context, body.id, upload.filename);
  const count = whole(body.rejected_row_count);
  const left = body.rejected_row_count > 0 ? h('button.link', { type: 'button', onclick: see }, count) : count;
  const kinds = { shoppers: 'a shopper', purchases: 'a purchase' };
  /** @type {(label: string, value: Child) => HTMLElement} */
  const tile = (label, value) => h('div.card', h('dt', label), h('dd', value));
  return h('dl.tiles',
    tile('Rows', whole(body.row_count)),
    tile('Rows left out', left),
    tile('Shoppers', whole(body.shopper_count)),
    tile('Each row is', (body.shape && kinds[body.shape]) ?? 'unknown'));
}

/** @param {Context} context @param {DatasetBody} body */
function ask(context, body) {
  if (!context.mayAnalyse) return h('p.muted', 'Your role lets you read, not ask for reports.');
  if (body.shopper_error) return h('p.note', `Not yet: ${body.shopper_error}`);
  return askForm(context, { dataset_ids: [body.id] });
}

/**
 * The columns. Roles are changed together and saved at once, because one without the other may make no sense.
 * @param {Context} context @param {DatasetBody} body @param {string | null} etag
 */
function columns(context, body, etag) {
  /** @type {Selects} */
  const selects = new Map();
  const [save, problem] = action('button.primary', 'Save roles', () => put(context, body.id, etag, selects));
  save.hidden = true;
  const changed = (/** @type {string} */ name) => {
    save.hidden = false;
    const role = selects.get(name)?.value;
    if (!role || role === 'feature') return;
    // Only features may be many: the column that had the role gives it up.
    const others = [...selects].filter(([other, select]) => other !== name && select.value === role);
    others.forEach(([, select]) => { select.value = ''; });
  };
  const rows = body.columns.map((column) => {
    const { name, type, null_count: empty, role, reason } = column;
    const label = { 'aria-label': `Role of ${name}`, disabled: !context.mayAnalyse, onchange: () => changed(name) };
    const select = choice(label, rolesFor(type), role ?? '');
    selects.set(name, select);
    const why = reason && h('small', { title: reason }, reason);
    return [h('strong', name), words(type), [select, why], whole(empty), range(column)];
  });
  const box = table('Columns', [['Column'], ['Type'], ['Role'], ['Empty', true], ['From – to']], rows);
  box.firstElementChild?.classList.add('flow');
  return h('section.card', h('h2', counted(body.columns.length, 'column')),
    h('p.muted', 'What each column means was recognised from its name and values. Correct it where it is wrong.'),
    box, h('p.actions.more', save, problem));
}

/** @param {string} type @returns {Option[]} */
function rolesFor(type) {
  const fits = (/** @type {string} */ role) =>
    (role === 'feature' ? !DATED.includes(type) : NEEDS[role]?.includes(type) ?? true);
  const fitting = ROLES.filter(fits);
  return [['', 'None'], ...fitting.map((role) => named({ id: role, name: words(role) }))];
}

/** @param {Described} column */
function range({ min, max, type }) {
  if (min === null || min === undefined) return '–';
  const cell = (/** @type {unknown} */ value) => {
    if (typeof value === 'number') return number(value);
    return DATED.includes(type) ? String(value).slice(0, 10) : clipped(String(value));
  };
  return `${cell(min)} – ${cell(max)}`;
}

/** @param {string} text */
const clipped = (text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

/** @param {Context} context @param {string} id @param {string | null} etag @param {Selects} selects */
async function put(context, id, etag, selects) {
  const chosen = [...selects].map(([name, select]) => [name, select.value]).filter(([, role]) => role);
  const sent = { body: { roles: Object.fromEntries(chosen) }, etag };
  let { body } = await call('PUT', `${context.base}/datasets/${id}/roles`, sent);
  announce('Roles saved; counting shoppers');
  while (body.shopper_count === null && !body.shopper_error) {
    await pause(500, context.signal);
    body = await get(`${context.base}/datasets/${id}`, context);
  }
  context.reload();
}

/** @param {DatasetBody} body @param {Record<string, unknown>[]} items */
function preview(body, items) {
  const cell = (/** @type {unknown} */ value, /** @type {string} */ type) => {
    if (value === null || value === undefined) return h('span.muted', 'empty');
    return DATED.includes(type) ? String(value).replace('T', ' ').replace(/(\.0+)?Z?$/, '') : String(value);
  };
  const rows = items.map((item) => body.columns.map(({ name, type }) => cell(item[name], type)));
  const box = table('First rows', body.columns.map(({ name, type }) => [name, NUMERIC.includes(type)]), rows);
  box.firstElementChild?.classList.add('cells');
  return h('section.card', h('h2', `First ${counted(items.length, 'row')}`), box);
}
