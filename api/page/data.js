// Stores and files: adding stores, uploading, and following each file until it is a dataset.

import { all, call, get, pause, upload } from './api.js';
import { announce, choice, confirmed, dialog, form, h, pages, table, tableRow } from './dom.js';
import { bytes, time, whole } from './words.js';

const COLUMNS = [['File'], ['Status'], ['Rows', true], ['Left out', true], ['Shoppers', true], ['']];

/** The view of stores and files. */
export async function data(context) {
  const stores = await all(`${context.base}/stores`, context);
  const title = h('div.head', {}, h('div', {}, h('h1', {}, 'Data'),
    h('p.muted', {}, stores.length ? 'The purchases your stores exported, as you uploaded them.' : 'Start with the store whose purchases you have.')),
  stores.length > 0 && h('a.button', { href: context.link('segments') }, 'Find segments →'));
  if (stores.length === 0) return [title, h('div.split', {}, storesCard(context, stores), steps(context))];
  const files = await fileList(context, stores);
  return [title, h('div.split', {},
    h('div', {}, storesCard(context, stores)),
    h('div.fields', {}, context.mayAnalyse && uploadCard(context, stores, files), files.card))];
}

const steps = (context) => h('section.card', {}, h('h2', {}, 'From purchases to segments'), h('ol.steps', {}, [
  ['Add a store', context.mayOwn ? 'Files belong to the store they were exported from.' : 'An owner of the company adds stores.'],
  ['Upload its purchases', 'A CSV file with a row per purchase: who bought, when, how many and at what price. Column names are recognised.'],
  ['Find segments', 'Groups of shoppers who buy alike, what each brings, and what to do for it.'],
].map(([title, text], step) => h('li', {}, h('span.dot', { vars: { c: 'var(--accent)' } }, step + 1), h('div', {}, h('strong', {}, title), h('p.muted', {}, text))))));

function storesCard(context, stores) {
  const add = form({
    fields: [{ name: 'name', label: 'Store name', required: true }, { name: 'city', label: 'City' }],
    label: 'Add store', busy: 'Adding …',
    submit: async (given) => { await call('POST', `${context.base}/stores`, { body: given }); context.reload(); },
  });
  return h('section.card', {}, h('h2', {}, stores.length ? 'Stores' : 'Add your first store'),
    stores.length > 0 && h('ul.stores', {}, stores.map((store) => h('li', {}, h('span', {}, store.name), h('small', {}, store.city)))),
    context.mayOwn && (stores.length ? h('details', {}, h('summary', {}, 'Add a store'), add) : add));
}

function uploadCard(context, stores, files) {
  const store = choice({ 'aria-label': 'Store that the files come from' }, stores.map(({ id, name }) => [id, name]));
  const input = h('input', { type: 'file', multiple: true, accept: '.csv,.tsv,.txt,text/csv', 'aria-label': 'Choose CSV files',
    onchange: () => { files.send(store.value, [...input.files]); input.value = ''; } });
  const over = (is) => (event) => { event.preventDefault(); zone.classList.toggle('over', is); };
  const drop = (event) => { over(false)(event); files.send(store.value, [...event.dataTransfer.files]); };
  const zone = h('div.drop', { ondragover: over(true), ondragleave: over(false), ondrop: drop },
    h('strong', {}, 'Drop CSV files here, or choose them'),
    h('small', {}, 'One row per purchase, or one row per shopper. Columns and formats are recognised.'), input);
  return h('section.card', {}, h('h2', {}, 'Upload'), h('p.bar-line', {}, h('span', {}, 'From store'), store), zone);
}

/** The table of files; `send` uploads more of them, one after the other. */
async function fileList(context, stores) {
  const known = { stores: new Map(stores.map((store) => [store.id, store.name])), datasets: new Map() };
  const box = table('Files', COLUMNS, []);
  box.firstChild.classList.add('flow');
  const body = box.querySelector('tbody');
  const none = h('p.muted', {}, 'No file yet.');
  const add = (uploads) => { none.hidden = true; body.append(...uploads.map((one) => fileRow(context, known, one))); };
  let datasets = '';
  const more = await pages(async (cursor) => {
    // Each dataset is younger than its upload, so the two lists, both newest first, are read in step.
    const [uploads, made] = await Promise.all([get(`${context.base}/uploads?limit=50${cursor}`, context),
      datasets === null ? { items: [] } : get(`${context.base}/datasets?limit=50${datasets}`, context)]);
    made.items.forEach((dataset) => known.datasets.set(dataset.id, dataset));
    datasets = made.next ? `&cursor=${encodeURIComponent(made.next)}` : null;
    return uploads;
  }, (uploads) => { if (uploads.length) add(uploads); });
  const send = async (store, chosen) => {
    none.hidden = true;
    const rows = chosen.map((file) => waitingRow(known, store, file));
    body.prepend(...rows.map(({ row }) => row));
    for (const each of rows) await each.send(context);
  };
  return { card: h('section.card', {}, h('h2', {}, 'Files'), none, box, more), send };
}

/** A row for a file that is about to be sent. */
function waitingRow(known, store, file) {
  const status = h('div.status', {}, h('span.badge', {}, 'Waiting'));
  const row = tableRow(COLUMNS, [name(file.name, `${known.stores.get(store)} · ${bytes(file.size)}`), status, '', '', '', '']);
  const send = async (context) => {
    const [progress, label] = [h('progress', { max: 1, value: 0, 'aria-label': `Sending ${file.name}` }), h('small', {}, 'Sending')];
    status.replaceChildren(label, progress);
    try {
      const sent = await upload(`${context.base}/stores/${store}/uploads`, file, (part) => {
        progress.value = part;
        label.textContent = `Sending ${Math.round(part * 100)} %`;
      });
      row.replaceWith(fileRow(context, known, sent));
    } catch (problem) {
      announce(`${file.name}: ${problem.message}`);
      status.replaceChildren(...(problem.facts?.upload_id ? await duplicate(context, problem) : refusal(problem)));
    }
  };
  return { row, send };
}

const refusal = (problem) => [h('span.badge.bad', {}, 'Not accepted'), h('small', {}, problem.errors[0]?.detail ?? problem.message)];

async function duplicate(context, problem) {
  const first = await get(`${context.base}/uploads/${problem.facts.upload_id}`).catch(() => null);
  const link = first?.dataset_id ? h('a', { href: context.link('data', first.dataset_id) }, first.filename) : first?.filename;
  return [h('span.badge.warn', {}, 'Already here'),
    h('small', {}, first ? ['Same content as ', link, `, uploaded ${time(first.uploaded_at)}. Nothing was counted twice.`] : problem.message)];
}

/** A row for an upload; follows it while it is being read. */
function fileRow(context, known, first) {
  const row = h('tr');
  const show = (upload) => row.replaceChildren(...tableRow(COLUMNS, cells(context, known, upload, row)).childNodes);
  show(first);
  if (!settled(first)) follow(context, known, first, show).catch(() => {});
  return row;
}

const settled = (upload) => !['received', 'processing'].includes(upload.status);

async function follow(context, known, upload, show) {
  while (!settled(upload)) {
    await pause(500, context.signal);
    // A lost connection is no reason to stop looking.
    upload = await get(`${context.base}/uploads/${upload.id}`, context).catch((problem) => { if (problem.status) throw problem; return upload; });
    show(upload);
  }
  if (upload.dataset_id) known.datasets.set(upload.dataset_id, await get(`${context.base}/datasets/${upload.dataset_id}`, context));
  show(upload);
  announce(`${upload.filename} is ${upload.status}`);
}

function cells(context, known, upload, row) {
  const dataset = known.datasets.get(upload.dataset_id);
  const link = upload.status === 'ready' && context.link('data', upload.dataset_id);
  const left = upload.rejected_row_count > 0
    ? h('button.link', { type: 'button', onclick: () => rejects(context, upload.dataset_id, upload.filename) }, whole(upload.rejected_row_count))
    : whole(upload.rejected_row_count);
  const remove = context.mayAnalyse && settled(upload) && h('button.link', { type: 'button', 'aria-label': `Delete ${upload.filename}`,
    onclick: () => confirmed('Delete this file?', `${upload.filename} and the dataset made from it will be removed. Reports that used it stay.`, 'Delete',
      async () => { await call('DELETE', `${context.base}/uploads/${upload.id}`); row.remove(); }) }, 'Delete');
  const store = known.stores.get(upload.store_id) ?? 'Closed store';
  return [name(upload.filename, `${store} · ${bytes(upload.size_bytes)} · ${time(upload.uploaded_at)}`, link),
    status(upload, dataset, link), whole(upload.row_count), left, whole(dataset?.shopper_count), remove || ''];
}

const name = (text, note, link) => [h('strong', {}, link ? h('a', { href: link }, text) : text), h('small', {}, note)];

function status(upload, dataset, link) {
  const { bytes_done: done, bytes_total: total } = upload.progress;
  if (!settled(upload)) {
    return h('div.status', {}, h('small', {}, upload.status === 'received' ? 'Waiting to be read' : `Reading ${Math.round(100 * done / total)} %`),
      h('progress', { max: total, value: done, 'aria-label': `Reading ${upload.filename}` }));
  }
  if (upload.status === 'rejected') return [h('span.badge.bad', {}, 'Cannot be read'), h('small', {}, upload.error)];
  if (dataset?.shopper_error) return [h('a.badge.warn', { href: link }, 'Needs column roles'), h('small', {}, dataset.shopper_error)];
  return h('span.badge.good', {}, 'Ready');
}

/** Shows the rows that were left out, with the reason for each. */
export async function rejects(context, dataset, filename) {
  const columns = [['Line', true], ['Reason'], ['Text']];
  const box = table(`Rows left out of ${filename}`, columns, []);
  const add = (items) => box.querySelector('tbody').append(...items.map((item) => tableRow(columns, [whole(item.line), item.reason, h('code', {}, item.text)])));
  const more = await pages((cursor) => get(`${context.base}/datasets/${dataset}/rejects?limit=50${cursor}`, context), add);
  dialog('Rows left out', h('p.muted', {}, `These rows of ${filename} could not be read. All others are in the dataset.`), box, more);
}
