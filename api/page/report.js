// A report: the segments of some shoppers, what sets them apart, and how far to trust the split.

import { get, pause } from './api.js';
import { failure, h, table } from './dom.js';
import { scatter } from './chart.js';
import { ALGORITHMS, counted, day, feature, index, separation, share, short, steadiness, time, whole, words } from './words.js';

/** How many shoppers the scatter shows at most. */
const POINTS = 1500;
const PAGE = 200;

/** The view of a report; while it is being made it says so and comes back. */
export async function report(context, id) {
  const path = `${context.base}/reports/${id}`;
  const found = await get(path, context);
  const back = h('a.back', { href: context.link('segments') }, '← Segments');
  if (found.status === 'failed') {
    return [h('div', {}, back, h('h1', {}, 'No segments this time')), h('section.card', {}, h('p', {}, found.error), h('p.muted', {}, `Asked ${time(found.requested_at)}.`))];
  }
  if (found.status !== 'completed') {
    again(context, path).catch(() => {});
    return [h('div', {}, back), h('section.card.empty.working', { role: 'status' }, h('i', { 'aria-hidden': 'true' }),
      h('h1', {}, 'Looking for groups'), h('p', {}, 'Shoppers are compared and grouped. You can leave this page; the report will be in the list.'))];
  }
  return [h('div', {}, back, h('div.head', {}, title(found), exports(path))), notes(found), headline(found), shares(found.segments),
    h('div.segments', {}, found.segments.map((segment) => card(path, found, segment))),
    chartCard(context, path, found), found.rfm && rfm(found.rfm), evidence(found)].filter(Boolean);
}

async function again(context, path) {
  for (;;) {
    // The pause is for a service that does not wait.
    await pause(500, context.signal);
    const { status } = await get(path, { wait: 30, signal: context.signal });
    if (status === 'completed' || status === 'failed') return context.reload();
  }
}

const colour = (segment) => ({ c: `var(--s${segment.index % 10})` });

const title = (found) => h('div', {}, h('h1', {}, `${counted(found.segments.length, 'segment')} of ${counted(found.shopper_count, 'shopper')}`),
  h('p.muted', {}, [found.as_of && `as of ${day(found.as_of)}`, ALGORITHMS[found.algorithm], `by ${found.features.map(feature).join(', ').toLowerCase()}`,
    counted(found.dataset_ids.length, 'dataset'), `made ${time(found.completed_at)}`].filter(Boolean).join(' · ')));

const exports = (path, segment) => h('p.actions', {}, h('small', {}, segment ? 'Export' : 'Export all'), ['csv', 'parquet', 'arrow'].slice(0, segment ? 2 : 3).map((format) =>
  h(segment ? 'a' : 'a.button', { href: `/api/v1${path}/export?${segment ? `segment=${segment.index}&` : ''}format=${format}`, download: true,
    'aria-label': `Export ${segment ? segment.name : 'all shoppers'} as ${format}` }, format === 'csv' ? 'CSV' : words(format))));

const notes = (found) => found.notes?.length > 0 && h('div.note', {}, found.notes.map((note) => h('p', {}, note)));

function headline({ shopper_count: shoppers, noise_count: noise, segments, quality }) {
  const revenue = segments.some((segment) => segment.revenue !== null) && segments.reduce((sum, segment) => sum + segment.revenue, 0);
  const tile = (label, value, note, kind = 'dd') => h('div.card', {}, h('dt', {}, label), h(kind, {}, value), h('dd.small', {}, note));
  return h('dl.tiles', {}, tile('Shoppers', whole(shoppers), noise ? `${whole(noise)} in no segment` : 'each in one segment'),
    revenue !== false && tile('Revenue', whole(revenue), `${whole(revenue / shoppers)} per shopper`),
    tile('The groups are', separation(quality.silhouette), `Silhouette ${index(quality.silhouette)}, of at most 1`, 'dd.text'),
    quality.stability !== null && quality.stability !== undefined
      && tile('The split is', words(steadiness(quality.stability)), `Stability ${index(quality.stability)}: the same groups when shoppers are drawn again`, 'dd.text'));
}

/** Who they are against what they bring, as two bars of the same whole. */
function shares(segments) {
  const bar = (name, key) => [h('strong', {}, name), h('div', { role: 'img', 'aria-label': `${name}: ${segments.map((one) => `${one.name} ${share(one[key])}`).join(', ')}` },
    segments.map((one) => h('span', { vars: { ...colour(one), share: one[key] }, title: `${one.name}: ${share(one[key])}` })))];
  const withRevenue = segments.every((segment) => segment.revenue_share !== null);
  const top = withRevenue && segments[0];
  return h('section.card', {}, top && h('h2', {}, `${top.name}: ${share(top.share)} of the shoppers bring ${share(top.revenue_share)} of the revenue`),
    h('div.stack', {}, bar('Shoppers', 'share'), withRevenue && bar('Revenue', 'revenue_share')));
}

const meter = (label, value, kind = '') => [h('span', {}, label), h(`span.meter${kind}`, { vars: { share: value ?? 0 }, 'aria-hidden': 'true' }), h('span.number', {}, share(value))];

function card(path, found, segment) {
  return h('article.card.segment', { vars: colour(segment) },
    h('header', {}, h('span.dot', { 'aria-hidden': 'true' }, segment.index + 1), h('h3', {}, segment.name), h('small', {}, counted(segment.size, 'shopper'))),
    h('p', {}, segment.description),
    h('div.bars', {}, meter('Of shoppers', segment.share), segment.revenue_share !== null && meter('Of revenue', segment.revenue_share, '.revenue')),
    h('dl.medians', {}, found.features.map((name) => h('div', {}, h('dt', {}, feature(name)), h('dd', {}, short(segment.median[name]))))),
    h('div', {}, segment.top_products.length > 0 && h('details.products', {}, h('summary', {}, 'What they buy'), h('ol', {}, segment.top_products.map((top) =>
      h('li', {}, h('span', { title: top.product }, top.product), h('span.number', {}, short(top.revenue))))))),
    h('p.next', {}, h('strong', {}, 'Do next: '), segment.action), exports(path, segment));
}

function chartCard(context, path, found) {
  const place = h('div', {}, h('p.muted', {}, 'Loading shoppers …'));
  const axes = found.features.length > 1 ? found.features : [...found.features, 'distance'];
  sample(context, path, found).then((points) => place.replaceChildren(
    scatter({ points, axes, segments: found.segments, colour }),
    h('p.more', {}, h('small', {}, points.length < found.shopper_count
      ? `${whole(points.length)} of ${whole(found.shopper_count)} shoppers, as many of each segment as its share. Large dots are medians.`
      : 'Each dot is a shopper; large dots are medians.'))),
  (problem) => { if (!context.signal.aborted) place.replaceChildren(failure(problem)); });
  return h('section.card', {}, h('h2', {}, 'The shoppers'), place);
}

/** Shoppers to draw: all when they are few, else of each segment as many as its share. */
async function sample(context, path, found) {
  const take = async (query, wanted) => {
    const items = [];
    for (let cursor = ''; items.length < wanted && cursor !== null;) {
      const page = await get(`${path}/shoppers?limit=${Math.min(PAGE, wanted - items.length)}${query}${cursor}`, context);
      items.push(...page.items);
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : null;
    }
    return items;
  };
  if (found.shopper_count <= POINTS) return take('', found.shopper_count);
  const parts = found.segments.map((segment) => take(`&segment=${segment.index}`, Math.max(20, Math.round(POINTS * segment.share))));
  return (await Promise.all(parts)).flat();
}

function rfm(groups) {
  return h('section.card', {}, h('h2', {}, 'The classic RFM grid'),
    h('p.muted', {}, 'The same shoppers, sorted by fixed rules of recency, frequency and spend. Bars: share of shoppers, and paler, of revenue.'),
    h('div.bars.groups', {}, groups.map((group) => [h('span', {}, `${words(group.name)} `, h('small', {}, whole(group.size))),
      h('span.pair', { 'aria-hidden': 'true' }, h('span.meter', { vars: { share: group.share } }), h('span.meter.revenue', { vars: { share: group.revenue_share } })),
      h('span.number', {}, share(group.share), h('small', {}, ` · ${share(group.revenue_share)}`))])));
}

/** Why this number of segments: every candidate with its evidence. */
function evidence({ candidates, quality, iterations, converged, parameters }) {
  if (!candidates.length) {
    return h('p.muted', {}, `The number of segments was given or found by the algorithm; ${counted(iterations, 'iteration')}, ${converged ? 'converged' : 'not converged'}, Davies-Bouldin ${index(quality.davies_bouldin)}, seed ${parameters.seed}.`);
  }
  const columns = [['Segments', true], ['Silhouette', true], ['Davies-Bouldin', true], ['Stability', true], ['Smallest', true], ['Reason']];
  const box = table('Numbers of segments that were tried', columns, candidates.map((one) => [whole(one.clusters), index(one.silhouette), index(one.davies_bouldin),
    index(one.stability), whole(one.smallest), one.chosen ? [h('span.badge.good', {}, 'Chosen'), ' ', one.reason] : one.reason]));
  candidates.forEach((one, row) => box.querySelectorAll('tbody tr')[row].classList.toggle('chosen', one.chosen));
  return h('details.card', {}, h('summary', {}, 'Why this number of segments'),
    h('p.muted', {}, 'Higher silhouette and stability, and a lower Davies-Bouldin index, mean a better split.'), box);
}
