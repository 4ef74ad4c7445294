// The table of uploaded files: sends more of them, and follows each until it is a dataset.

import { call, get, pause, upload } from '../api.js';
import {
  announce, bodyOf, confirmed, dialog, downloads, h, pages, table, tableRow,
} from '../lib/dom.js';
import { bytes, sentence, time, whole } from '../lib/words.js';
import { ask } from './dialect.js';

/** @import { Problem } from '../api.js' */
/** @import { DatasetBody, List_DatasetBody, List_UploadBody, StoreRow, UploadBody } from '../service.js' */
/** @import { Column, Context } from '../types.js' */
/** @typedef {Map<string | null | undefined, DatasetBody>} Datasets by their ids */
/** @typedef {{stores: Map<string, string>, datasets: Datasets}} Known the names of stores, and the datasets */
/** @typedef {{send: (store: string, chosen: File[]) => Promise<void>, card: HTMLElement}} Files */

/** @type {Column[]} */
const COLUMNS = [['File'], ['Status'], ['Rows', true], ['Left out', true], ['Shoppers', true], ['']];

/**
 * The table of files; `send` uploads more of them, one after the other.
 * @param {Context} context @param {StoreRow[]} stores @returns {Promise<Files>}
 */
export async function fileList(context, stores) {
  /** @type {Known} */
  const known = { stores: new Map(stores.map((store) => [store.id, store.name])), datasets: new Map() };
  const box = table('Files', COLUMNS, []);
  box.firstElementChild?.classList.add('flow', 'files');
  const body = bodyOf(box);
  const none = h('p.muted', 'No file yet.');
  box.hidden = true;
  /** @type {(rows: HTMLElement[], where: 'append' | 'prepend') => void} */
  const add = (rows, where) => {
    if (rows.length === 0) return;
    none.hidden = true;
    box.hidden = false;
    body[where](...rows);
  };
  const load = uploadsWithDatasets(context, known);
  const more = await pages(load, (uploads) => add(uploads.map((one) => fileRow(context, known, one)), 'append'));
  /** @type {Files['send']} */
  const send = async (store, chosen) => {
    const waiting = chosen.map((file) => waitingRow(context, known, store, file));
    add(waiting.map(({ row }) => row), 'prepend');
    for (const each of waiting) await each.send();
  };
  return { card: h('section.card', h('h2', 'Files'), none, box, more), send };
}

/**
 * Each dataset is younger than its upload, so the two lists, both newest first, are read in step.
 * @param {Context} context @param {Known} known
 */
function uploadsWithDatasets(context, known) {
  /** @type {string | null} */
  let behind = '';
  return async (/** @type {string} */ cursor) => {
    /** @type {[List_UploadBody, List_DatasetBody]} */
    const [uploads, datasets] = await Promise.all([
      get(`${context.base}/uploads?limit=50${cursor}`, context),
      behind === null ? { items: [] } : get(`${context.base}/datasets?limit=50${behind}`, context),
    ]);
    datasets.items.forEach((dataset) => known.datasets.set(dataset.id, dataset));
    behind = datasets.next ? `&cursor=${encodeURIComponent(datasets.next)}` : null;
    return uploads;
  };
}

/**
 * A row for a file that is about to be sent.
 * @param {Context} context @param {Known} known @param {string} store @param {File} file
 */
function waitingRow(context, known, store, file) {
  const status = h('div.status', h('span.badge', 'Waiting'));
  const origin = `${known.stores.get(store)} · ${bytes(file.size)}`;
  const row = tableRow(COLUMNS, [name(file.name, origin), status, '', '', '', '']);
  const send = async () => {
    const label = h('small', 'Sending');
    const progress = h('progress', { max: 1, value: 0, 'aria-label': `Sending ${file.name}` });
    status.replaceChildren(label, progress);
    const sent = (/** @type {number} */ part) => {
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

/** @param {Problem} problem */
const refusal = ({ errors, message }) =>
  [h('span.badge.bad', 'Not accepted'), h('small', sentence(errors?.[0]?.detail ?? message))];

/** @param {Context} context @param {Problem} problem */
async function duplicate(context, problem) {
  const badge = h('span.badge.warn', 'Already here');
  /** @type {UploadBody | null} */
  const first = await get(`${context.base}/uploads/${problem.facts.upload_id}`).catch(() => null);
  if (!first) return [badge, h('small', problem.message)];
  const { filename, dataset_id: id, uploaded_at: at } = first;
  const link = id ? h('a', { href: context.link('data', id) }, filename) : filename;
  return [badge, h('small', 'Same content as ', link, `, uploaded ${time(at)}. Nothing was counted twice.`)];
}

/**
 * A row for an upload; follows it while it is being read.
 * @param {Context} context @param {Known} known @param {UploadBody} first
 */
function fileRow(context, known, first) {
  const row = h('tr');
  const show = (/** @type {UploadBody} */ upload) =>
    row.replaceChildren(...tableRow(COLUMNS, cells(context, known, upload, row)).childNodes);
  show(first);
  // Only leaving the view or deleting the upload ends this early.
  if (!isSettled(first)) follow(context, known, first, show).catch(() => {});
  return row;
}

/** @param {UploadBody} upload */
const isSettled = (upload) => !['received', 'processing'].includes(upload.status);

/** @param {Context} context @param {Known} known @param {UploadBody} first @param {(upload: UploadBody) => void} show */
async function follow(context, known, first, show) {
  let upload = first;
  while (!isSettled(upload)) {
    await pause(500, context.signal);
    upload = await get(`${context.base}/uploads/${upload.id}`, context).catch((/** @type {Problem} */ problem) => {
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

/** @param {Context} context @param {Known} known @param {UploadBody} upload @param {HTMLElement} row */
function cells(context, known, upload, row) {
  const dataset = known.datasets.get(upload.dataset_id);
  const { dataset_id: id } = upload;
  const link = id && upload.status === 'ready' ? context.link('data', id) : undefined;
  const store = known.stores.get(upload.store_id) ?? 'Closed store';
  const see = () => id && rejects(context, id, upload.filename);
  const left = whole(upload.rejected_row_count);
  return [
    name(upload.filename, `${store} · ${bytes(upload.size_bytes)} · ${time(upload.uploaded_at)}`, link),
    status(upload, dataset, link),
    whole(upload.row_count),
    upload.rejected_row_count ? h('button.link', { type: 'button', onclick: see }, left) : left,
    whole(dataset?.shopper_count),
    context.mayAnalyse && isSettled(upload) ? [rereader(context, upload), remover(context, upload, row)] : '',
  ];
}

/** @param {string} text @param {string} note @param {string} [link] */
const name = (text, note, link) => [h('strong', link ? h('a', { href: link }, text) : text), h('small', note)];

/**
 * A file that cannot be read may be readable when a person says how.
 * @param {Context} context @param {UploadBody} upload
 */
function rereader(context, upload) {
  if (upload.status !== 'rejected') return null;
  return h('button.link', { type: 'button', onclick: () => ask(context, upload) }, 'Read in another way');
}

/** @param {Context} context @param {UploadBody} upload @param {HTMLElement} row */
function remover(context, upload, row) {
  const text = `${upload.filename} and the dataset made from it will be removed. Reports that used it stay.`;
  const remove = async () => {
    await call('DELETE', `${context.base}/uploads/${upload.id}`);
    row.remove();
  };
  const onclick = () => confirmed('Delete this file?', text, 'Delete', remove);
  return h('button.link', { type: 'button', 'aria-label': `Delete ${upload.filename}`, onclick }, 'Delete');
}

/** @param {UploadBody} upload @param {DatasetBody} [dataset] @param {string} [link] */
function status(upload, dataset, link) {
  if (!isSettled(upload)) {
    const { bytes_done: done, bytes_total: total } = upload.progress;
    const label = upload.status === 'received' ? 'Waiting to be read' : `Reading ${Math.round((100 * done) / total)} %`;
    const progress = h('progress', { max: total, value: done, 'aria-label': `Reading ${upload.filename}` });
    return h('div.status', h('small', label), progress);
  }
  if (upload.status === 'rejected') return [h('span.badge.bad', 'Cannot be read'), h('small', sentence(upload.error ?? ''))];
  if (upload.questions.length > 0) return [h('a.badge.warn', { href: link }, 'Please check'), h('small', upload.questions[0].text)];
  if (!dataset?.shopper_error) return h('span.badge.good', 'Ready');
  return [h('a.badge.warn', { href: link }, 'Needs column roles'), h('small', sentence(dataset.shopper_error))];
}

/**
 * Shows the rows that were left out, with the reason for each.
 * @param {Context} context @param {string} dataset @param {string} filename
 */
export async function rejects(context, dataset, filename) {
  /** @type {Column[]} */
  const columns = [['Line', true], ['Column'], ['Reason'], ['Text']];
  const box = table(`Rows left out of ${filename}`, columns, []);
  /** @typedef {{line: number, column?: string | null, reason: string, text: string}} Reject */
  const row = (/** @type {Reject} */ { line, column, reason, text }) =>
    tableRow(columns, [whole(line), column ?? '', reason, h('code', text)]);
  const load = (/** @type {string} */ cursor) =>
    get(`${context.base}/datasets/${dataset}/rejects?limit=50${cursor}`, context);
  const more = await pages(load, (items) => bodyOf(box).append(...items.map(row)));
  const note = `These rows of ${filename} could not be read. All others are in the dataset.`;
  const save = downloads('Download', `${context.base}/datasets/${dataset}/rejects/download?`);
  dialog('Rows left out', h('p.muted', note), box, more, save);
}
