// Reports: asking for one, and the list of those that were made.

import { all, call, get } from '../api.js';
import { h, named, pageHead, pages } from '../lib/dom.js';
import { form } from '../lib/form.js';
import { ALGORITHMS, counted, index, time, words } from '../lib/words.js';

/** @import { ReportSummary, StoreRow } from '../service.js' */
/** @import { Context, Field, Option } from '../types.js' */

/** The view of all reports. @param {Context} context */
export async function segments(context) {
  /** @type {[StoreRow[], {items: unknown[]}]} */
  const [stores, ready] = await Promise.all([
    all(`${context.base}/stores`, context),
    get(`${context.base}/datasets?limit=1`, context),
  ]);
  const head = pageHead('Segments', 'Groups of shoppers who buy alike, found in the data of your stores.');
  if (ready.items.length === 0) return [head, nothingYet(context)];
  const list = await reportList(context);
  if (!context.mayAnalyse) return [head, list];
  return [head, h('div.split', h('section.card', h('h2', 'Find segments'), askForm(context, {}, stores)), list)];
}

/** @param {Context} context */
const nothingYet = (context) => h('section.card.empty', h('h2', 'Nothing to group yet'),
  h('p', 'Upload the purchases of a store first.'),
  h('a.button.primary', { href: context.link('data') }, 'Go to data'));

/** What shoppers may be compared by. @type {Option[]} */
const HABITS = [
  ['', 'When, how often, how much'],
  ['average_basket,items_per_order', 'The same, and what is in a basket'],
  ['days_between_orders,tenure', 'The same, and since when and at what intervals'],
  ['return_rate', 'The same, and returns'],
  ['category_shares', 'The same, and on what the money goes'],
];

/**
 * The question of a report. `scope` narrows it to some datasets; `stores` can be chosen from.
 * @param {Context} context @param {{dataset_ids?: string[]}} scope @param {StoreRow[]} [stores]
 */
export function askForm(context, scope, stores = []) {
  const isDbscan = (/** @type {{algorithm?: string}} */ { algorithm }) => algorithm === 'dbscan';
  const counts = Array.from({ length: 9 }, (_, index) => String(index + 2));
  /** @type {Option[]} */
  const counted = [['auto', 'Chosen from the data'], ...counts.map((count) => named({ id: count, name: count }))];
  /** @type {Option[]} */
  const places = [['', 'All stores'], ...stores.map(named)];
  const asked = { type: 'number', required: true, when: isDbscan };
  /** @type {(Field | false)[]} */
  const asking = [
    { name: 'clusters', label: 'Number of segments', options: counted, when: (values) => !isDbscan(values) },
    { name: 'algorithm', label: 'Algorithm', options: Object.entries(ALGORITHMS) },
    { name: 'epsilon', label: 'Radius of a neighbourhood', ...asked, step: 'any', min: 0, value: 0.35 },
    { name: 'min_points', label: 'Shoppers that make it dense', ...asked, min: 2, value: 10 },
    { name: 'habits', label: 'Compare shoppers by', options: HABITS, more: true },
    { name: 'as_of', label: 'Count days from', type: 'date', hint: 'Else the day after the last one.', more: true },
    stores.length > 1 && { name: 'store', label: 'Stores', options: places, more: true },
  ];
  const fields = asking.filter((field) => field !== false);
  const submit = async (/** @type {Record<string, any>} */ { store, clusters, habits, ...given }) => {
    /** @type {Record<string, unknown>} */
    const body = { ...scope, ...given };
    if (habits) body.features = { purchases: ['recency', 'frequency', 'monetary', ...habits.split(',')] };
    if (store) body.store_ids = [store];
    if (clusters > 0) body.clusters = Number(clusters);
    const answer = await call('POST', `${context.base}/reports`, { body, wait: 30, signal: context.signal });
    context.go('segments', answer.body.id);
  };
  return form({ fields, label: 'Find segments', busy: 'Looking for groups …', submit });
}

/** @param {Context} context */
async function reportList(context) {
  const list = h('ul.reports');
  const add = (/** @type {ReportSummary[]} */ reports) =>
    list.append(...reports.map((report) => reportItem(context, report)));
  const more = await pages((cursor) => get(`${context.base}/reports?limit=20${cursor}`, context), add);
  const none = list.childElementCount === 0 && h('p.muted', 'None yet. Ask for the first one.');
  return h('section.card', h('h2', 'Reports'), none, list, more);
}

const BADGES = {
  requested: ['', 'Waiting'],
  running: ['', 'Running'],
  completed: ['.good', 'Ready'],
  failed: ['.bad', 'No answer'],
};

/** @param {Context} context @param {ReportSummary} report */
function reportItem(context, report) {
  const [kind, label] = BADGES[report.status] ?? ['', words(report.status)];
  const title = report.clusters && report.shopper_count
    ? `${counted(report.clusters, 'segment')} of ${counted(report.shopper_count, 'shopper')}`
    : 'Segments of shoppers';
  const facts = [
    time(report.requested_at),
    ALGORITHMS[report.algorithm],
    report.silhouette && `silhouette ${index(report.silhouette)}`,
  ];
  return h('li', h('a', { href: context.link('segments', report.id) },
    h('strong', title), h('small', facts.filter(Boolean).join(' · ')), h(`span.badge${kind}`, label)));
}
