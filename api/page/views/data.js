// Stores and files: adding stores, uploading, and following each file until it is a dataset.

import { all, call, get, pause, upload } from '../api.js';
import { ask } from './dialect.js';
import {
  announce, choice, confirmed, dialog, downloads, form, h, pageHead, pages, table, tableRow,
} from '../lib/dom.js';
import { bytes, sentence, time, whole } from '../lib/words.js';

const COLUMNS = [['File'], ['Status'], ['Rows', true], ['Left out', true], ['Shoppers', true], ['']];

/** The view of stores and files. */
export async function data(context) {
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

/** What a new company does first. */
function steps(context) {
  const step = (number, title, text) => h('li', h('span.dot', { vars: { c: 'var(--accent)' } }, number),
    h('div', h('strong', title), h('p.muted', text)));
  return h('section.card', h('h2', 'From purchases to segments'), h('ol.steps',
    step(1, 'Add a store', context.mayOwn ? 'Each file belongs to a store.' : 'An owner has to do this.'),
    step(2, 'Upload its purchases', 'A CSV file with a row per purchase: who bought, when, how many, at what price.'),
    step(3, 'Find segments', 'Groups of shoppers who buy alike, what each brings, and what to do for it.')));
}

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
  const item = (store) => h('li', h('span', store.name), h('small', store.city));
  return h('section.card', h('h2', stores.length ? 'Stores' : 'Add your first store'),
    stores.length > 0 && h('ul.stores', stores.map(item)),
    context.mayOwn && (stores.length ? h('details', h('summary', 'Add a store'), add) : add));
}

function uploadCard(stores, files) {
  const store = choice({ 'aria-label': 'Store that the files come from' }, stores.map(({ id, name }) => [id, name]));
  const send = (chosen) => files.send(store.value, [...chosen]);
  const picked = () => { send(input.files); input.value = ''; };
  const kinds = '.csv,.tsv,.txt,.gz,.zst,.zip,text/csv';
  const chooser = { type: 'file', multiple: true, accept: kinds, 'aria-label': 'CSV files', onchange: picked };
  const input = h('input', chooser);
  const over = (is) => (event) => { event.preventDefault(); zone.classList.toggle('over', is); };
  const drop = (event) => { over(false)(event); send(event.dataTransfer.files); };
  const zone = h('div.drop', { ondragover: over(true), ondragleave: over(false), ondrop: drop },
    h('strong', 'Drop CSV files here, or choose them'),
    h('small', 'One row per purchase, or one row per shopper. Columns and formats are recognised.'), input);
  return h('section.card', h('h2', 'Upload'), h('p.bar-line', h('span', 'From store'), store), zone);
}

/** The table of files; `send` uploads more of them, one after the other. */
async function fileList(context, stores) {
  const known = { stores: new Map(stores.map((store) => [store.id, store.name])), datasets: new Map() };
  const box = table('Files', COLUMNS, []);
  box.firstChild.classList.add('flow', 'files');
  const body = box.querySelector('tbody');
  const none = h('p.muted', 'No file yet.');
  box.hidden = true;
  const add = (rows, where) => {
    if (rows.length === 0) return;
    none.hidden = true;
    box.hidden = false;
    body[where](...rows);
  };
  const load = uploadsWithDatasets(context, known);
  const more = await pages(load, (uploads) => add(uploads.map((one) => fileRow(context, known, one)), 'append'));
  const send = async (store, chosen) => {
    const waiting = chosen.map((file) => waitingRow(context, known, store, file));
    add(waiting.map(({ row }) => row), 'prepend');
    for (const each of waiting) await each.send();
  };
  return { card: h('section.card', h('h2', 'Files'), none, box, more), send };
}

/** Each dataset is younger than its upload, so the two lists, both newest first, are read in step. */
function uploadsWithDatasets(context, known) {
  let behind = '';
  return async (cursor) => {
    const [uploads, datasets] = await Promise.all([
      get(`${context.base}/uploads?limit=50${cursor}`, context),
      behind === null ? { items: [] } : get(`${context.base}/datasets?limit=50${behind}`, context),
    ]);
    datasets.items.forEach((dataset) => known.datasets.set(dataset.id, dataset));
    behind = datasets.next ? `&cursor=${encodeURIComponent(datasets.next)}` : null;
    return uploads;
  };
}

/** A row for a file that is about to be sent. */
function waitingRow(context, known, store, file) {
  const status = h('div.status', h('span.badge', 'Waiting'));
  const origin = `${known.stores.get(store)} · ${bytes(file.size)}`;
  const row = tableRow(COLUMNS, [name(file.name, origin), status, '', '', '', '']);
  const send = async () => {
    const label = h('small', 'Sending');
    const progress = h('progress', { max: 1, value: 0, 'aria-label': `Sending ${file.name}` });
    status.replaceChildren(label, progress);
    const sent = (part) => {
      progress.value = part;
      label.textContent = `Sending ${Math.round(part * 100)} %`;
    };
    try {
      row.replaceWith(fileRow(context, known, await upload(`${context.base}/stores/${store}/uploads`, file, sent)));
    } catch (problem) {
      announce(`${file.name}: ${problem.message}`);
      status.replaceChildren(...(problem.facts?.upload_id ? await duplicate(context, problem) : refusal(problem)));
    }
  };
  return { row, send };
}

const refusal = ({ errors, message }) =>
  [h('span.badge.bad', 'Not accepted'), h('small', sentence(errors?.[0]?.detail ?? message))];

async function duplicate(context, problem) {
  const badge = h('span.badge.warn', 'Already here');
  const first = await get(`${context.base}/uploads/${problem.facts.upload_id}`).catch(() => null);
  if (!first) return [badge, h('small', problem.message)];
  const { filename, dataset_id: id, uploaded_at: at } = first;
  const link = id ? h('a', { href: context.link('data', id) }, filename) : filename;
  return [badge, h('small', 'Same content as ', link, `, uploaded ${time(at)}. Nothing was counted twice.`)];
}

/** A row for an upload; follows it while it is being read. */
function fileRow(context, known, first) {
  const row = h('tr');
  const show = (upload) => row.replaceChildren(...tableRow(COLUMNS, cells(context, known, upload, row)).childNodes);
  show(first);
  // Only leaving the view or deleting the upload ends this early.
  if (!isSettled(first)) follow(context, known, first, show).catch(() => {});
  return row;
}

const isSettled = (upload) => !['received', 'processing'].includes(upload.status);

async function follow(context, known, first, show) {
  let upload = first;
  while (!isSettled(upload)) {
    await pause(500, context.signal);
    upload = await get(`${context.base}/uploads/${upload.id}`, context).catch((problem) => {
      // A lost connection is no reason to stop looking.
      if (problem.status === 0) return upload;
      throw problem;
    });
    show(upload);
  }
  const id = upload.dataset_id;
  if (upload.status === 'ready') known.datasets.set(id, await get(`${context.base}/datasets/${id}`, context));
  show(upload);
  announce(`${upload.filename} is ${upload.status}`);
}

function cells(context, known, upload, row) {
  const dataset = known.datasets.get(upload.dataset_id);
  const link = upload.status === 'ready' && context.link('data', upload.dataset_id);
  const store = known.stores.get(upload.store_id) ?? 'Closed store';
  const see = () => rejects(context, upload.dataset_id, upload.filename);
  const left = whole(upload.rejected_row_count);
  return [
    name(upload.filename, `${store} · ${bytes(upload.size_bytes)} · ${time(upload.uploaded_at)}`, link),
    status(upload, dataset, link),
    whole(upload.row_count),
    upload.rejected_row_count > 0 ? h('button.link', { type: 'button', onclick: see }, left) : left,
    whole(dataset?.shopper_count),
    context.mayAnalyse && isSettled(upload) ? [rereader(context, upload), remover(context, upload, row)] : '',
  ];
}

const name = (text, note, link) => [h('strong', link ? h('a', { href: link }, text) : text), h('small', note)];

/** A file that cannot be read may be readable when a person says how. */
function rereader(context, upload) {
  if (upload.status !== 'rejected') return null;
  return h('button.link', { type: 'button', onclick: () => ask(context, upload) }, 'Read in another way');
}

function remover(context, upload, row) {
  const text = `${upload.filename} and the dataset made from it will be removed. Reports that used it stay.`;
  const remove = async () => {
    await call('DELETE', `${context.base}/uploads/${upload.id}`);
    row.remove();
  };
  const onclick = () => confirmed('Delete this file?', text, 'Delete', remove);
  return h('button.link', { type: 'button', 'aria-label': `Delete ${upload.filename}`, onclick }, 'Delete');
}

function status(upload, dataset, link) {
  if (!isSettled(upload)) {
    const { bytes_done: done, bytes_total: total } = upload.progress;
    const label = upload.status === 'received' ? 'Waiting to be read' : `Reading ${Math.round((100 * done) / total)} %`;
    const progress = h('progress', { max: total, value: done, 'aria-label': `Reading ${upload.filename}` });
    return h('div.status', h('small', label), progress);
  }
  if (upload.status === 'rejected') return [h('span.badge.bad', 'Cannot be read'), h('small', sentence(upload.error))];
  if (upload.questions.length > 0) return [h('a.badge.warn', { href: link }, 'Please check'), h('small', upload.questions[0].text)];
  if (!dataset?.shopper_error) return h('span.badge.good', 'Ready');
  return [h('a.badge.warn', { href: link }, 'Needs column roles'), h('small', sentence(dataset.shopper_error))];
}

/** Shows the rows that were left out, with the reason for each. */
export async function rejects(context, dataset, filename) {
  const columns = [['Line', true], ['Column'], ['Reason'], ['Text']];
  const box = table(`Rows left out of ${filename}`, columns, []);
  const row = ({ line, column, reason, text }) => tableRow(columns, [whole(line), column ?? '', reason, h('code', text)]);
  const load = (cursor) => get(`${context.base}/datasets/${dataset}/rejects?limit=50${cursor}`, context);
  const more = await pages(load, (items) => box.querySelector('tbody').append(...items.map(row)));
  const note = `These rows of ${filename} could not be read. All others are in the dataset.`;
  const save = downloads('Download', `${context.base}/datasets/${dataset}/rejects/download?`);
  dialog('Rows left out', h('p.muted', note), box, more, save);
}
