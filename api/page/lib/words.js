// Numbers, dates and the service's terms in plain English.

const formats = {
  whole: new Intl.NumberFormat('en', { maximumFractionDigits: 0 }),
  number: new Intl.NumberFormat('en', { maximumFractionDigits: 2 }),
  short: new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }),
  share: new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }),
  time: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }),
  day: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }),
};
const with_ = (format) => (value) => (value === null || value === undefined ? '–' : format(value));

export const whole = with_((value) => formats.whole.format(value));
export const number = with_((value) => formats.number.format(value));
export const short = with_((value) => formats.short.format(value));
export const share = with_((value) => formats.share.format(value));
export const time = with_((value) => formats.time.format(new Date(value)));
export const day = with_((value) => formats.day.format(new Date(value)));
/** Three decimals, as indices are read. */
export const index = with_((value) => value.toFixed(3));

export const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

export function bytes(count) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${formats.number.format(Number((count / 1000 ** power).toPrecision(3)))} ${['B', 'kB', 'MB', 'GB'][power]}`;
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A name of the service's own, such as `cant_lose_them`, as words. */
export const words = (name) => sentence(name.replaceAll('_', ' ').replace(/^cant /, "can't "));

const FEATURES = {
  recency: 'Days since last purchase', frequency: 'Orders', monetary: 'Spent', average_basket: 'Per order',
  items_per_order: 'Pieces per order', days_between_orders: 'Days between orders', tenure: 'Days since first purchase',
  return_rate: 'Rows returned',
};
export const feature = (name) => FEATURES[name] ?? name;

export const ALGORITHMS = { kmeans: 'k-means', gaussian_mixture: 'Gaussian mixture', dbscan: 'DBSCAN' };

/** How far groups stand apart, after Kaufman and Rousseeuw's reading of the silhouette. */
export const separation = with_((silhouette) =>
  pick(silhouette, [[0.7, 'Strongly apart'], [0.5, 'Clearly apart'], [0.25, 'Distinct, but touching']], 'Blurred'));

/** How well the groups come back when shoppers are drawn again. */
export const steadiness = with_((stability) =>
  pick(stability, [[0.9, 'Very stable'], [0.75, 'Stable'], [0.5, 'Fairly stable']], 'Unstable'));

const pick = (value, steps, otherwise) => steps.find(([least]) => value > least)?.[1] ?? otherwise;
