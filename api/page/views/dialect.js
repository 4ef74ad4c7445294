// How a file was read: what was found out, how sure that is, and another way to read it.

import { call, get, pause } from '../api.js';
import { announce, dialog, h, table } from '../lib/dom.js';
import { form, inputIn } from '../lib/form.js';
import { sentence, share, words } from '../lib/words.js';

/** @import { DatasetBody, Dialect, DialectChoice, UploadBody } from '../service.js' */
/** @import { Context, Field, Option } from '../types.js' */
/** @typedef {Record<string, string>} Labels what the service's values are called here */

/** @type {Labels} */
const DELIMITERS = { ',': 'Comma', ';': 'Semicolon', '\t': 'Tab', '|': 'Bar', whitespace: 'Spaces', ', ': 'Comma and space' };
/** @type {Labels} */
const QUOTES = { '"': 'Double quotes', "'": 'Single quotes', none: 'None' };
/** @type {Labels} */
const LINE_ENDS = { lf: 'Line feed', cr: 'Carriage return', any: 'Any' };
/** @type {Labels} */
const ESCAPES = { doubled: 'Written twice', backslash: 'Behind a backslash' };
/** @type {Labels} */
const ORDERS = { day_month_year: 'Day first: 31/12/2020', month_day_year: 'Month first: 12/31/2020' };
/** @type {Labels} */
const MARKS = { '.': 'Dot: 1.5', ',': 'Comma: 1,5' };
/** @type {Labels} */
const BASES = { declared: 'The file says so', chosen: 'You said so' };
const ENCODINGS = ['UTF-8', 'windows-1252', 'macintosh', 'UTF-16LE', 'UTF-16BE', 'windows-1250', 'windows-1251', 'ISO-8859-2',
  'ISO-8859-15', 'Shift_JIS', 'GBK', 'Big5', 'EUC-KR', 'IBM866', 'KOI8-U'];

/**
 * Each finding: its field, its label, its value in words.
 * @type {[field: Exclude<keyof Dialect, 'compression'>, label: string, inWords: (value: any) => string][]}
 */
const FINDINGS = [
  ['encoding', 'Text encoding', (value) => value],
  ['delimiter', 'Between fields', (value) => DELIMITERS[value] ?? value],
  ['quote', 'Around fields', (value) => QUOTES[value] ?? value],
  ['escape', 'A quote within quotes', (value) => ESCAPES[value]],
  ['line_end', 'End of a line', (value) => LINE_ENDS[value]],
  ['header_line', 'Names of columns', (value) => (value === 0 ? 'None' : `Line ${value}`)],
  ['date_order', 'Dates', (value) => ORDERS[value]],
  ['decimal_mark', 'Decimal mark', (value) => MARKS[value]],
];

/**
 * The card that says how a file was read.
 * @param {Context} context @param {DatasetBody} dataset @param {UploadBody} upload
 */
export function dialectCard(context, dataset, upload) {
  const { dialect } = dataset;
  if (!dialect) return null;
  const rows = FINDINGS.flatMap(([field, label, inWords]) => {
    const found = dialect[field];
    return found ? [[label, inWords(found.value), sureness(found)]] : [];
  });
  if (dialect.compression) rows.unshift(['Packed as', words(dialect.compression), '']);
  const change = h('button', { type: 'button', onclick: () => ask(context, upload) }, 'Read in another way');
  return h('section.card', h('h2', 'How the file was read'),
    table('How the file was read', [['What'], ['Found'], ['How sure']], rows),
    context.mayAnalyse && h('p.actions.more', change));
}

/**
 * What the content leaves open, with a way to answer.
 * @param {Context} context @param {DatasetBody} dataset @param {UploadBody} upload
 */
export const questions = (context, dataset, upload) => dataset.questions.map(({ text }) => {
  const answer = h('button', { type: 'button', onclick: () => ask(context, upload) }, 'Answer');
  return h('div.note', h('p', h('strong', 'Please check. '), text), context.mayAnalyse && h('p.actions', answer));
});

/** @param {{basis: string, confidence: number}} found */
const sureness = ({ basis, confidence }) =>
  h(`span.badge${confidence > 0.6 ? '' : '.warn'}`, BASES[basis] ?? `${share(confidence)} sure`);

/** Asks how the file is written, and reads it again. @param {Context} context @param {UploadBody} upload */
export function ask(context, upload) {
  /** @type {(known: Labels) => Option[]} */
  const options = (known) => [['', 'Find out'], ...Object.entries(known)];
  const named = Object.fromEntries(ENCODINGS.map((name) => [name, name]));
  /** @type {(name: string, label: string, known: Labels, more?: boolean) => Field} */
  const field = (name, label, known, more) => ({ name, label, options: options(known), more });
  const fields = [
    field('date_order', 'Dates', ORDERS),
    field('decimal_mark', 'Decimal mark', MARKS),
    field('delimiter', 'Between fields', DELIMITERS),
    field('encoding', 'Text encoding', named),
    { name: 'header_line', label: 'Line with the names of the columns', type: 'number', min: 0, max: 1000,
      hint: '0 when there is none.' },
    field('quote', 'Around fields', QUOTES, true),
    field('escape', 'A quote within quotes', ESCAPES, true),
    field('line_end', 'End of a line', LINE_ENDS, true),
  ];
  /** @type {HTMLFormElement} */
  const chosen = form({ fields, label: 'Read again', busy: 'Reading …', submit: (given) => again(context, upload, given, box) });
  for (const [name, value] of Object.entries(upload.dialect)) inputIn(chosen, name).value = String(value);
  /** @type {HTMLDialogElement} */
  const box = dialog(`How is ${upload.filename} written?`,
    h('p.muted', 'What you leave open is found out. The new reading replaces the dataset; reports that used it stay.'), chosen);
}

/** @param {Context} context @param {UploadBody} upload @param {DialectChoice} given @param {HTMLDialogElement} box */
async function again(context, upload, given, box) {
  const path = `${context.base}/uploads/${upload.id}`;
  /** @type {{body: UploadBody}} */
  let { body } = await call('PUT', `${path}/dialect`, { body: given });
  while (['received', 'processing'].includes(body.status)) {
    await pause(500, context.signal);
    body = await get(path, context);
  }
  if (body.status === 'rejected') throw new Error(sentence(body.error ?? ''));
  box.close();
  announce(`${body.filename} was read again`);
  const id = body.dataset_id ?? '';
  if (context.link('data', id) === location.hash) context.reload();
  else context.go('data', id);
}
