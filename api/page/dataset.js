// A dataset: what its columns are and mean, and its first rows.

import { call, get, pause } from './api.js';
import { action, announce, choice, h, table } from './dom.js';
import { rejects } from './data.js';
import { askForm } from './segments.js';
import { counted, number, time, whole, words } from './words.js';

const NUMERIC = ['integer', 'decimal'];
const DATED = ['date', 'timestamp'];
const ROLES = { shopper: 'Shopper', order: 'Order', time: 'Time', quantity: 'Quantity', unit_price: 'Unit price', amount: 'Amount',
  product: 'Product', category: 'Category', feature: 'Feature' };

/** The view of a dataset. */
export async function dataset(context, id) {
  const path = `${context.base}/datasets/${id}`;
  const [{ body, etag }, rows] = await Promise.all([call('GET', path, context), get(`${path}/rows?limit=20`, context)]);
  const [upload, store] = await Promise.all([get(`${context.base}/uploads/${body.upload_id}`, context),
    get(`${context.base}/stores/${body.store_id}`, context).catch(() => null)]);
  return [h('div', {}, h('a.back', { href: context.link('data') }, '← Data'), h('div.head', {}, h('div', {}, h('h1', {}, upload.filename),
    h('p.muted', {}, [store?.name, `uploaded ${time(upload.uploaded_at)}`, body.encoding].filter(Boolean).join(' · '))), downloads(path))),
  facts(context, body, upload),
  h('div.split', {}, h('section.card', {}, h('h2', {}, 'Find segments in this file'), ask(context, body)), columns(context, body, etag)),
  preview(body, rows.items)];
}

const downloads = (path) => h('p.actions', {}, h('small', {}, 'Download'),
  ['csv', 'parquet', 'arrow'].map((format) => h('a.button', { href: `/api/v1${path}/download?format=${format}`, download: true }, format === 'csv' ? 'CSV' : words(format))));

function facts(context, body, upload) {
  const left = body.rejected_row_count === 0 ? '0'
    : h('button.link', { type: 'button', onclick: () => rejects(context, body.id, upload.filename) }, whole(body.rejected_row_count));
  const tile = (label, value) => h('div.card', {}, h('dt', {}, label), h('dd', {}, value));
  return h('dl.tiles', {}, tile('Rows', whole(body.row_count)), tile('Rows left out', left), tile('Shoppers', whole(body.shopper_count)),
    tile('Each row is', body.shape === 'shoppers' ? 'a shopper' : body.shape ? 'a purchase' : 'unknown yet'));
}

function ask(context, body) {
  if (!context.mayAnalyse) return h('p.muted', {}, 'Your role lets you read, not ask for reports.');
  if (body.shopper_error) return h('p.note', {}, `Not yet: ${body.shopper_error}`);
  return askForm(context, { dataset_ids: [body.id] });
}

/** The columns; roles are changed together and saved at once, because one without the other may make no sense. */
function columns(context, body, etag) {
  const selects = new Map();
  const [save, problem] = action('button.primary', 'Save roles', () => put(context, body.id, etag, selects));
  save.hidden = true;
  const changed = (name) => {
    save.hidden = false;
    const role = selects.get(name).value;
    // Only features may be many: the column that had the role gives it up.
    if (role && role !== 'feature') selects.forEach((select, other) => { if (other !== name && select.value === role) select.value = ''; });
  };
  const rows = body.columns.map((column) => {
    const select = choice({ 'aria-label': `Role of ${column.name}`, disabled: !context.mayAnalyse, onchange: () => changed(column.name) },
      rolesFor(column), column.role ?? '');
    selects.set(column.name, select);
    return [h('strong', {}, column.name), words(column.type), select, whole(column.null_count), range(column)];
  });
  const box = table('Columns', [['Column'], ['Type'], ['Role'], ['Empty', true], ['From – to']], rows);
  box.firstChild.classList.add('flow');
  return h('section.card', {}, h('h2', {}, `${counted(body.columns.length, 'column')}`),
    h('p.muted', {}, 'Roles say what a column means. They were recognised from names and values; correct them where they are wrong.'),
    box, h('p.actions.more', {}, save, problem));
}

const rolesFor = ({ type }) => [['', 'None'], ...Object.entries(ROLES).filter(([role]) =>
  (!['quantity', 'unit_price', 'amount', 'feature'].includes(role) || NUMERIC.includes(type)) && (role !== 'time' || DATED.includes(type)))];

function range({ min, max, type }) {
  if (min === null || min === undefined) return '–';
  const cell = (value) => (typeof value === 'number' ? number(value) : DATED.includes(type) ? String(value).slice(0, 10) : clipped(String(value)));
  return `${cell(min)} – ${cell(max)}`;
}

const clipped = (text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

async function put(context, id, etag, selects) {
  const roles = Object.fromEntries([...selects].map(([name, select]) => [name, select.value]).filter(([, role]) => role));
  let { body } = await call('PUT', `${context.base}/datasets/${id}/roles`, { body: { roles }, etag });
  announce('Roles saved; counting shoppers');
  while (body.shopper_count === null && !body.shopper_error) {
    await pause(500, context.signal);
    body = await get(`${context.base}/datasets/${id}`, context);
  }
  context.reload();
}

function preview(body, items) {
  const columns = body.columns.map(({ name, type }) => [name, NUMERIC.includes(type)]);
  const cell = (item, { name, type }) => {
    const value = item[name];
    if (value === null || value === undefined) return h('span.muted', {}, 'empty');
    return DATED.includes(type) ? String(value).replace('T', ' ').replace(/(\.0+)?Z?$/, '') : String(value);
  };
  const box = table('First rows', columns, items.map((item) => body.columns.map((column) => cell(item, column))));
  box.firstChild.classList.add('cells');
  return h('section.card', {}, h('h2', {}, `First ${counted(items.length, 'row')}`), box);
}
