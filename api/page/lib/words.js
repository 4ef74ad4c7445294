// Numbers, dates and the service's terms in plain English.

const formats = {
  whole: new Intl.NumberFormat('en', { maximumFractionDigits: 0 }),
  number: new Intl.NumberFormat('en', { maximumFractionDigits: 2 }),
  short: new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }),
  share: new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }),
  time: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }),
  day: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }),
};
/**
 * Shows what is not known as a dash.
 * @template Value
 * @param {(value: Value) => string} format @returns {(value: Value | null | undefined) => string}
 */
const with_ = (format) => (value) => (value === null || value === undefined ? '–' : format(value));

/** @param {'whole' | 'number' | 'short' | 'share'} name */
const numberAs = (name) => with_((/** @type {number} */ value) => formats[name].format(value));
/** @param {'time' | 'day'} name */
const dateAs = (name) => with_((/** @type {string | Date} */ value) => formats[name].format(new Date(value)));

export const whole = numberAs('whole');
export const number = numberAs('number');
export const short = numberAs('short');
export const share = numberAs('share');
export const time = dateAs('time');
export const day = dateAs('day');
/** Three decimals, as indices are read. */
export const index = with_((/** @type {number} */ value) => value.toFixed(3));

/** @param {number} count @param {string} one */
export const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

/** @param {number} count */
export function bytes(count) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${formats.number.format(Number((count / 1000 ** power).toPrecision(3)))} ${['B', 'kB', 'MB', 'GB'][power]}`;
}

/** @param {string} text */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A name of the service's own, such as `cant_lose_them`, as words. @param {string} name */
export const words = (name) => sentence(name.replaceAll('_', ' ').replace(/^cant /, "can't "));

/** @type {Record<string, string>} */
const FEATURES = {
  recency: 'Days since last purchase', frequency: 'Orders', monetary: 'Spent', average_basket: 'Per order',
  items_per_order: 'Pieces per order', days_between_orders: 'Days between orders', tenure: 'Days since first purchase',
  return_rate: 'Rows returned',
};
/** @param {string} name */
export const feature = (name) => FEATURES[name] ?? name;

export const ALGORITHMS = { kmeans: 'k-means', gaussian_mixture: 'Gaussian mixture', dbscan: 'DBSCAN' };

/** How far groups stand apart, after Kaufman and Rousseeuw's reading of the silhouette. */
export const separation = with_((/** @type {number} */ silhouette) =>
  pick(silhouette, [[0.7, 'Strongly apart'], [0.5, 'Clearly apart'], [0.25, 'Distinct, but touching']], 'Blurred'));

/** How well the groups come back when shoppers are drawn again. */
export const steadiness = with_((/** @type {number} */ stability) =>
  pick(stability, [[0.9, 'Very stable'], [0.75, 'Stable'], [0.5, 'Fairly stable']], 'Unstable'));

/** @param {number} value @param {[least: number, words: string][]} steps @param {string} otherwise */
const pick = (value, steps, otherwise) => steps.find(([least]) => value > least)?.[1] ?? otherwise;
