// A report: the segments of some shoppers, what sets them apart, and how far to trust the split.

import { all, get, pause } from '../api.js';
import { downloads, h, pageHead, table } from '../lib/dom.js';
import {
  ALGORITHMS, counted, day, feature, index, sentence, separation, share, short, steadiness, time, whole, words,
} from '../lib/words.js';
import { changes } from './changes.js';
import { colour, shoppers } from './shoppers.js';

/** @import { ReportBody, RfmGroup, Segment, StoreRow, TopProduct } from '../service.js' */
/** @import { Child, Column, Complete, Context } from '../types.js' */
/** @typedef {Complete<ReportBody>} Report one that is completed */

/** The view of a report; while it is being made it says so and comes back. @param {Context} context @param {string} id */
export async function report(context, id) {
  const path = `${context.base}/reports/${id}`;
  /** @type {Report} */
  const found = await get(path, context);
  const back = h('a.back', { href: context.link('segments') }, '← Segments');
  if (found.status === 'failed') return [back, failed(found)];
  if (found.status !== 'completed') {
    again(context, path).catch(() => {});
    return [back, working()];
  }
  /** @type {StoreRow[]} */
  const stores = found.store_ids?.length > 1 ? await all(`${context.base}/stores`, context) : [];
  return [
    h('div', back, pageHead(title(found), facts(found), downloads('Export', `${path}/export?`))),
    found.notes?.length > 0 && h('div.note', found.notes.map((note) => h('p', note))),
    headline(found),
    shares(found.segments),
    h('div.segments', found.segments.map((segment) => card(path, found, segment, stores))),
    found.previous && changes(context, path, found),
    shoppers(context, path, found),
    found.rfm && grid(found.rfm),
    evidence(found),
    origin(found),
  ].filter(Boolean);
}

/** @param {Context} context @param {string} path */
async function again(context, path) {
  for (;;) {
    // The pause is for a service that does not wait.
    await pause(500, context.signal);
    const { status } = await get(path, { wait: 30, signal: context.signal });
    if (status === 'completed' || status === 'failed') return context.reload();
  }
}

/** @param {Report} found */
const failed = (found) => h('section.card.empty', h('h1', 'No segments this time'), h('p', found.error),
  h('small', `Asked ${time(found.requested_at)}`));

const working = () => h('section.card.empty.working', { role: 'status' },
  h('i', { 'aria-hidden': 'true' }),
  h('h1', 'Looking for groups'),
  h('p', 'Shoppers are compared and grouped. You can leave this page; the report will be in the list.'));

/** @param {Report} found */
const title = (found) => `${counted(found.segments.length, 'segment')} of ${counted(found.shopper_count, 'shopper')}`;

/** @param {Report} found */
const facts = (found) => [
  found.as_of && `as of ${day(found.as_of)}`,
  ALGORITHMS[found.algorithm ?? found.parameters.algorithm],
  `by ${found.features.map(feature).join(', ')}`,
  counted(found.dataset_ids.length, 'dataset'),
  `made ${time(found.completed_at)}`,
].filter(Boolean).join(' · ');

/** @param {Report} found */
function headline({ shopper_count: count, noise_count: noise, segments, quality }) {
  /** @type {(label: string, value: Child, note: string) => HTMLElement} */
  const tile = (label, value, note) => h('div.card', h('dt', label), value, h('dd.small', note));
  const known = segments.flatMap((segment) => segment.revenue ?? []);
  const revenue = known.reduce((sum, one) => sum + one, 0);
  const stability = quality.stability ?? null;
  return h('dl.tiles',
    tile('Shoppers', h('dd', whole(count)), noise ? `${whole(noise)} in no segment` : 'each in one segment'),
    known.length > 0 && tile('Revenue', h('dd', whole(revenue)), `${whole(revenue / count)} per shopper`),
    tile('The groups are', h('dd.text', separation(quality.silhouette)), `Silhouette ${index(quality.silhouette)}`),
    stability !== null && tile('The split is', h('dd.text', steadiness(stability)),
      `Stability ${index(stability)}: the groups come back when shoppers are drawn again`));
}

/** Who they are against what they bring, as two bars of the same whole. @param {Segment[]} segments */
function shares(segments) {
  const hasRevenue = segments.every((segment) => typeof segment.revenue_share === 'number');
  /** @type {(name: string, key: 'share' | 'revenue_share') => Child} */
  const bar = (name, key) => {
    const parts = segments.map((segment) => ({ segment, text: `${segment.name}: ${share(segment[key])}` }));
    const label = `${name}. ${parts.map(({ text }) => text).join(', ')}`;
    return [h('strong', name), h('div', { role: 'img', 'aria-label': label }, parts.map(({ segment, text }) =>
      h('span', { vars: { ...colour(segment), share: segment[key] ?? 0 }, title: text })))];
  };
  const [top] = segments;
  return h('section.card',
    hasRevenue && h('h2', `${top.name}: ${share(top.share)} of shoppers, ${share(top.revenue_share)} of revenue`),
    h('div.stack', bar('Shoppers', 'share'), hasRevenue && bar('Revenue', 'revenue_share')));
}

/** @param {string} kind @param {number} value */
const meter = (kind, value) => h(`span.meter${kind}`, { vars: { share: value }, 'aria-hidden': 'true' });
/** @param {string} label @param {number} value */
const line = (label, value, kind = '') => [h('span', label), meter(kind, value), h('span.number', share(value))];

/** @param {string} path @param {Report} found @param {Segment} segment @param {StoreRow[]} stores */
function card(path, found, segment, stores) {
  const medians = found.features.map((name) => h('div', h('dt', feature(name)), h('dd', short(segment.median[name]))));
  const query = `${path}/export?segment=${segment.index}&`;
  return h('article.card.segment', { vars: colour(segment) },
    h('header',
      h('span.dot', { 'aria-hidden': 'true' }, segment.index + 1),
      h('h3', segment.name),
      h('small', counted(segment.size, 'shopper'))),
    h('p', segment.description),
    h('div.bars',
      line('Of shoppers', segment.share),
      typeof segment.revenue_share === 'number' && line('Of revenue', segment.revenue_share, '.revenue')),
    h('dl.medians', { title: 'Medians of the segment' }, medians),
    h('div', segment.top_products.length > 0 && products(segment.top_products),
      hasMix(segment) && h('details.products', h('summary', 'Where they buy'), storeMix(segment, stores))),
    h('p.next', h('strong', 'Do next: '), segment.action),
    downloads(`Export ${segment.name}`, query, true));
}

/** @param {Segment} segment */
const hasMix = ({ stores = [] }) => stores.length > 1;

/** What they buy more than others; a lift of 2 is twice as likely. @param {TopProduct[]} tops */
const products = (tops) => h('details.products', h('summary', 'What they buy more than others'),
  h('ol', tops.map((top) => h('li', h('span', { title: top.product }, top.product), h('span.number',
    { title: `${whole(top.buyers)} of them bought it, for ${short(top.revenue)}` },
    typeof top.lift === 'number' ? `${times(top.lift)}` : short(top.revenue))))));

/** @param {number} lift */
const times = (lift) => `${lift.toFixed(1)} ×`;

/** @param {Segment} segment @param {StoreRow[]} stores */
const storeMix = (segment, stores) => h('ol', segment.stores?.map(({ store_id: id, revenue_share: part }) =>
  h('li', h('span', stores.find((store) => store.id === id)?.name ?? 'Closed store'), h('span.number', share(part)))));

/** What the report was made from, so that it can be made again. @param {Report} found */
function origin({ sources, program_version: version, parameters, id }) {
  if (!sources?.length) return null;
  const replaced = sources.reduce((sum, source) => sum + source.replaced_order_count, 0);
  return h('details.card', h('summary', 'Where these figures come from'),
    h('p', `${counted(sources.length, 'file')}, seed ${parameters.seed}, DataCore ${version}. `,
      replaced > 0 && `${counted(replaced, 'order')} stood in several files and counted once, in the newest version. `,
      h('code', `datacore replay report ${id}`), ' computes the report again and compares every byte.'),
    h('ul.plain', sources.map((source) => h('li', h('code', `SHA-256 ${source.sha256}`)))));
}

/** The groups of the RFM grid, each with its share of shoppers and of revenue. @param {RfmGroup[]} groups */
function grid(groups) {
  const row = (/** @type {RfmGroup} */ group) => [
    h('span', `${words(group.name)} `, h('small', whole(group.size))),
    h('span.pair', meter('', group.share), meter('.revenue', group.revenue_share)),
    h('span.number', share(group.share), h('small', ` · ${share(group.revenue_share)}`)),
  ];
  return h('section.card', h('h2', 'The classic RFM grid'),
    h('p.muted', 'The same shoppers sorted by fixed rules of recency, frequency and spend. ',
      'Upper bar: share of shoppers; lower bar: share of revenue.'),
    h('div.bars.groups', groups.map(row)));
}

/** Why this number of segments: every candidate with its evidence. @param {Report} found */
function evidence({ candidates, quality, iterations, converged, parameters }) {
  if (candidates.length === 0) {
    return h('p.muted', 'The number of segments was given, or found by the algorithm. ',
      `${counted(iterations, 'iteration')}, ${converged ? 'converged' : 'not converged'}; `,
      `Davies-Bouldin ${index(quality.davies_bouldin)}, seed ${parameters.seed}.`);
  }
  const measures = ['Segments', 'Silhouette', 'Davies-Bouldin', 'Stability', 'Smallest'];
  /** @type {Column[]} */
  const columns = [...measures.map((name) => /** @type {Column} */ ([name, true])), ['Reason']];
  const box = table('Numbers of segments that were tried', columns, candidates.map((one) => [
    whole(one.clusters), index(one.silhouette), index(one.davies_bouldin), index(one.stability), whole(one.smallest),
    sentence(one.reason),
  ]));
  box.querySelectorAll('tbody tr').forEach((row, place) => row.classList.toggle('chosen', candidates[place].chosen));
  const chosen = candidates.find((one) => one.chosen) ?? candidates[0];
  return h('details.card', { open: true }, h('summary', `Why ${counted(chosen.clusters, 'segment')}`),
    h('p', `Two to ten were tried. ${whole(chosen.clusters)} was ${chosen.reason}.`),
    h('p.muted', 'Higher silhouette and stability, and a lower Davies-Bouldin index, mean a better split.'), box);
}
