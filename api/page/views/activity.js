// What happened, newest first, in plain words: the company's own part of the log.

import { all, get } from '../api.js';
import { h, pageHead } from '../lib/dom.js';
import { bytes, counted, time, whole, words } from '../lib/words.js';

/** @import { EventBody, MemberBody } from '../service.js' */
/** @import { Context } from '../types.js' */
/** @typedef {{order_count: number}} Overlap */
/** @typedef {Record<string, any>} Facts what an event says; /asyncapi.yaml describes it for each type */
/** @typedef {EventBody & {data: Facts}} Event */
/** @typedef {(user: string) => string} Who the name of a user */
/** @typedef {{position: number, actor: string, at: string, text: string}} Entry */
/** @typedef {{events: Entry[], files: Map<string, string | undefined>, after: number}} Log */

const SHOWN = 20;
/** What somebody has read is nobody else's business. */
const PRIVATE = new Set(['NotificationRead']);
/** The log only grows and is read forwards, so what was read is kept while the page is open. @type {Map<string, Log>} */
const known = new Map();

/** @type {Record<string, (facts: Facts, about: {who: Who, file: string}) => string>} */
const WORDS = {
  CustomerRegistered: ({ name }) => `${name} was registered`,
  CustomerDetailsChanged: ({ name }) => `${name} changed its name or description`,
  CustomerClosed: () => 'The company was closed',
  MemberAdded: ({ user_id: user, role }, { who }) => `${who(user)} became ${role}`,
  MemberRoleChanged: ({ user_id: user, role }, { who }) => `${who(user)} is ${role} now`,
  MemberRemoved: ({ user_id: user }, { who }) => `${who(user)} left the company`,
  ApiKeyCreated: ({ name, role }) => `The API key ${name} was created, as ${role}`,
  ApiKeyRevoked: () => 'An API key was revoked',
  RfmGridChanged: () => 'Names or cuts of the RFM grid were changed',
  StoreOpened: ({ name, city }) => `Store ${name}${city ? ` in ${city}` : ''} was added`,
  StoreDetailsChanged: ({ name }) => `Store ${name} was changed`,
  StoreClosed: () => 'A store was closed',
  FileUploaded: ({ filename, size_bytes: size }) => `${filename} was uploaded (${bytes(size)})`,
  DuplicateRejected: ({ filename }) => `${filename} was refused: the same content was here already`,
  DialectChosen: (_, { file }) => `${file} is read anew, in the way that was chosen`,
  UploadDeleted: (_, { file }) => `${file} was deleted`,
  DatasetCreated: ({ row_count: rows, rejected_row_count: rejected }, { file }) =>
    `${file} was read: ${counted(rows, 'row')}${rejected ? `, ${whole(rejected)} left out` : ''}`,
  DatasetRejected: ({ reason }, { file }) => `${file} could not be read: ${reason}`,
  ColumnRolesAssigned: ({ roles }) => `Column roles were set: ${Object.entries(roles).map(inWords).join(', ')}`,
  ShoppersAggregated: ({ shoppers: { Ok: found, Err: reason } }) =>
    (found ? `${counted(found.shopper_count, 'shopper')} counted anew` : `No shoppers: ${reason}`),
  OrdersCompared: ({ overlaps }, { file }) => {
    const count = /** @type {Overlap[]} */ (overlaps).reduce((sum, overlap) => sum + overlap.order_count, 0);
    return count ? `${counted(count, 'order')} of ${file} came in other files too` : `${file} has no order of another file`;
  },
  DatasetDeleted: (_, { file }) => `The dataset of ${file} was removed`,
  ReportRequested: () => 'Segments were asked for',
  ReportCompleted: ({ clusters, shopper_count: shoppers }) =>
    `${counted(clusters, 'segment')} found among ${counted(shoppers, 'shopper')}`,
  ReportFailed: ({ reason }) => `No segments: ${reason}`,
};

/** @type {Record<string, (name: string) => string>} */
const BY = { user: (name) => `by ${name}`, api_key: () => 'by a program' };

/** @param {[column: string, role: string]} role */
const inWords = ([column, role]) => `${column} is ${words(role).toLowerCase()}`;

/** The view of what happened. @param {Context} context */
export async function activity(context) {
  /** @type {MemberBody[]} */
  const members = await all(`${context.base}/members`, context);
  const names = new Map(members.map((member) => [member.user_id, member.name ?? member.email]));
  /** @type {Who} */
  const who = (id) => names.get(id) ?? 'Someone';
  const events = await read(context, who);
  const list = h('ol.events');
  let shown = 0;
  const more = h('button', { type: 'button', onclick: () => add() }, 'Show more');
  const add = () => {
    list.append(...events.slice(shown, shown + SHOWN).map((event) => item(event, who)));
    shown += SHOWN;
    more.hidden = shown >= events.length;
  };
  add();
  return [pageHead('Activity', 'What happened, from the append-only log. The number is its place there.'),
    h('section.card', list, h('p.more', more))];
}

/** All events of the company, newest first. @param {Context} context @param {Who} who */
async function read({ base, signal }, who) {
  /** @type {Log} */
  const log = known.get(base) ?? { events: [], files: new Map(), after: 0 };
  for (let isMore = true; isMore;) {
    const page = await get(`${base}/events?after=${log.after}&limit=200`, { signal });
    for (const event of /** @type {Event[]} */ (page.items)) {
      if (event.type === 'FileUploaded') log.files.set(event.aggregate_id, event.data.filename);
      if (event.type === 'DatasetCreated') log.files.set(event.aggregate_id, log.files.get(event.data.upload_id));
      if (PRIVATE.has(event.type)) continue;
      const { position, actor, recorded_at: at } = event;
      log.events.unshift({ position, actor, at, text: sentence(event, who, log.files) });
    }
    log.after = page.items.at(-1)?.position ?? log.after;
    isMore = page.next !== null && page.items.length > 0;
  }
  known.set(base, log);
  return log.events;
}

/**
 * An event in words; an event that this page does not know is shown by its name.
 * @param {Event} event @param {Who} who @param {Log['files']} files
 */
function sentence({ type, data, aggregate_id: id }, who, files) {
  const file = files.get(data.upload_id ?? id) ?? 'A file';
  return (WORDS[type] ?? (() => type))(data, { who, file });
}

/** @param {Entry} entry @param {Who} who */
function item({ position, actor, at, text }, who) {
  const [kind, id] = actor.split(':');
  return h('li',
    h('small', { title: 'Place in the log' }, `#${position}`),
    h('span', text, ' ', h('small', BY[kind]?.(who(id)) ?? 'by DataCore')),
    h('small', h('time', { datetime: at }, time(at))));
}
