// The shoppers of a report as a scatter: all of them, or a sample that has each segment by its share.

import { get } from '../api.js';
import { scatter } from '../lib/chart.js';
import { failure, h } from '../lib/dom.js';
import { whole } from '../lib/words.js';

/** @import { Point } from '../lib/chart.js' */
/** @import { ReportBody, Segment } from '../service.js' */
/** @import { Complete, Context } from '../types.js' */
/** @typedef {Complete<ReportBody>} Report */

/** How many shoppers the scatter shows at most, and how many are read at once. */
const POINTS = 1500;
const PAGE = 200;

/** The colour of a segment, as a CSS variable. @param {{index: number}} segment */
export const colour = (segment) => ({ c: `var(--s${segment.index % 10})` });

/**
 * The card with the scatter, which fills itself.
 * @param {Context} context @param {string} path @param {Report} found
 */
export function shoppers(context, path, found) {
  const place = h('div', h('p.muted', 'Loading shoppers …'));
  const axes = found.features.length > 1 ? found.features : [...found.features, 'distance'];
  sample(context, path, found).then((points) => {
    const part = `${whole(points.length)} of ${whole(found.shopper_count)} shoppers, each segment by its share.`;
    const which = points.length < found.shopper_count ? part : 'Each dot is a shopper.';
    place.replaceChildren(scatter({ points, axes, segments: found.segments, colour }),
      h('p.more', h('small', which, ' Numbered dots are the medians of segments.')));
  }).catch((problem) => { if (!context.signal.aborted) place.replaceChildren(failure(problem)); });
  return h('section.card', h('h2', 'The shoppers'), place);
}

/**
 * Shoppers to draw: all when they are few, else of each segment as many as its share.
 * @param {Context} context @param {string} path @param {Report} found
 */
async function sample(context, path, found) {
  const take = async (/** @type {string} */ query, /** @type {number} */ wanted) => {
    /** @type {Point[]} */
    const items = [];
    for (let cursor = /** @type {string | null} */ (''); items.length < wanted && cursor !== null;) {
      const limit = Math.min(PAGE, wanted - items.length);
      const page = await get(`${path}/shoppers?limit=${limit}${query}${cursor}`, context);
      items.push(...page.items);
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : null;
    }
    return items;
  };
  if (found.shopper_count <= POINTS) return take('', found.shopper_count);
  const wanted = (/** @type {Segment} */ segment) => Math.max(20, Math.round(POINTS * segment.share));
  const parts = found.segments.map((segment) => take(`&segment=${segment.index}`, wanted(segment)));
  return (await Promise.all(parts)).flat();
}
