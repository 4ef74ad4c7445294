// Reports: asking for one, and the list of those that were made.

import { all, call, get } from './api.js';
import { form, h, pages } from './dom.js';
import { ALGORITHMS, counted, day, index, time, words } from './words.js';

/** The view of all reports. */
export async function segments(context) {
  const [stores, ready] = await Promise.all([all(`${context.base}/stores`, context), get(`${context.base}/datasets?limit=1`, context)]);
  const title = h('div.head', {}, h('div', {}, h('h1', {}, 'Segments'), h('p.muted', {}, 'Groups of shoppers who buy alike, found in the data of your stores.')));
  if (ready.items.length === 0) {
    return [title, h('section.card.empty', {}, h('h2', {}, 'Nothing to group yet'), h('p', {}, 'Upload the purchases of a store first.'),
      h('a.button.primary', { href: context.link('data') }, 'Go to data'))];
  }
  const list = await reportList(context);
  if (!context.mayAnalyse) return [title, list];
  return [title, h('div.split', {}, h('section.card', {}, h('h2', {}, 'Find segments'), askForm(context, {}, stores)), list)];
}

/** The question of a report. `scope` narrows it to some datasets; `stores` can be chosen from. */
export function askForm(context, scope, stores = []) {
  const dbscan = ({ algorithm }) => algorithm === 'dbscan';
  const counts = [['auto', 'As many as the data shows'], ...Array.from({ length: 9 }, (_, i) => [String(i + 2), String(i + 2)])];
  const fields = [
    { name: 'clusters', label: 'Number of segments', options: counts, when: (values) => !dbscan(values) },
    { name: 'algorithm', label: 'Algorithm', options: Object.entries(ALGORITHMS) },
    { name: 'epsilon', label: 'Radius of a neighbourhood', type: 'number', step: 'any', min: 0, value: 0.35, required: true, when: dbscan },
    { name: 'min_points', label: 'Shoppers that make it dense', type: 'number', min: 2, value: 10, required: true, when: dbscan },
    { name: 'as_of', label: 'Count days from', type: 'date', more: true, hint: 'Normally the day after the last purchase.' },
  ];
  if (stores.length > 1) fields.push({ name: 'store', label: 'Stores', options: [['', 'All stores'], ...stores.map(({ id, name }) => [id, name])], more: true });
  const submit = async ({ store, clusters, ...given }) => {
    const body = { ...scope, ...given, ...(store && { store_ids: [store] }), ...(clusters && clusters !== 'auto' && { clusters: Number(clusters) }) };
    const { body: report } = await call('POST', `${context.base}/reports`, { body, wait: 30, signal: context.signal });
    context.go('segments', report.id);
  };
  return form({ fields, label: 'Find segments', busy: 'Looking for groups …', submit });
}

async function reportList(context) {
  const list = h('ul.reports');
  const add = (reports) => list.append(...reports.map((report) => reportItem(context, report)));
  const more = await pages((cursor) => get(`${context.base}/reports?limit=20${cursor}`, context), add);
  return h('section.card', {}, h('h2', {}, 'Reports'), list.childElementCount === 0 && h('p.muted', {}, 'None yet. Ask for the first one.'), list, more);
}

const STATUS = { requested: ['badge', 'Waiting'], running: ['badge', 'Running'], completed: ['badge.good', 'Ready'], failed: ['badge.bad', 'No answer'] };

function reportItem(context, report) {
  const [badge, label] = STATUS[report.status] ?? ['badge', words(report.status)];
  const title = report.clusters && report.shopper_count ? `${counted(report.clusters, 'segment')} of ${counted(report.shopper_count, 'shopper')}` : 'Segments of shoppers';
  const silhouette = report.silhouette ?? report.quality?.silhouette;
  const facts = [time(report.requested_at), ALGORITHMS[report.algorithm ?? report.parameters?.algorithm],
    report.as_of && `as of ${day(report.as_of)}`, silhouette && `silhouette ${index(silhouette)}`];
  return h('li', {}, h('a', { href: context.link('segments', report.id) }, h('strong', {}, title),
    h('small', {}, facts.filter(Boolean).join(' · ')), h(`span.${badge}`, {}, label)));
}
