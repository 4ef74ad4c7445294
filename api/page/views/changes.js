// What changed since the report whose segments this one follows: who moved, came and left.

import { get } from '../api.js';
import { downloads, failure, h, table } from '../lib/dom.js';
import { counted, share, whole } from '../lib/words.js';

/** @import { Comparison, Move, ReportBody } from '../service.js' */
/** @import { Complete, Context } from '../types.js' */

/** The greatest moves that are shown. */
const SHOWN = 8;

/**
 * A card that fills itself once the two reports are compared.
 * @param {Context} context @param {string} path @param {Complete<ReportBody>} found
 */
export function changes(context, path, found) {
  const { report_id: earlier } = found.previous;
  const place = h('div', h('p.muted', 'Comparing with the report before …'));
  load(context, path, found, earlier)
    .then((content) => place.replaceChildren(...content))
    .catch((problem) => { if (!context.signal.aborted) place.replaceChildren(failure(problem)); });
  return h('section.card', h('h2', 'Since the report before'), place);
}

/** @param {Context} context @param {string} path @param {Complete<ReportBody>} found @param {string} earlier */
async function load(context, path, found, earlier) {
  const address = `${path}/compare/${earlier}`;
  /** @type {[Comparison, Complete<ReportBody>]} */
  const [compared, before] = await Promise.all([get(address, context), get(`${context.base}/reports/${earlier}`, context)]);
  const { moved, entered, left, stayed } = compared;
  const count = moved.reduce((sum, move) => sum + move.shoppers, 0);
  /** @type {(report: Complete<ReportBody>, index?: number | null) => string} */
  const name = (report, index) => report.segments[index ?? -1]?.name ?? 'No segment';
  const [old, now] = compared.to_report === found.id ? [before, found] : [found, before];
  const greatest = [...moved].sort((one, other) => other.shoppers - one.shoppers).slice(0, SHOWN);
  const query = (/** @type {Move} */ move) => `?change=moved${part('from', move.from)}${part('to', move.to)}&format=csv`;
  const rows = greatest.map((move) => [
    name(old, move.from), name(now, move.to), whole(move.shoppers),
    h('a', { href: `/api/v1${address}/export${query(move)}`, download: true }, 'CSV'),
  ]);
  const all = count + stayed || 1;
  return [
    h('p', `${counted(count, 'shopper')} (${share(count / all)}) moved to another segment, ${whole(stayed)} stayed, `,
      `${whole(entered)} came and ${whole(left)} left. `,
      h('a', { href: context.link('segments', earlier) }, 'Show the report before')),
    rows.length > 0 && table('Moves', [['From'], ['To'], ['Shoppers', true], ['List']], rows),
    downloads('Everybody who moved', `${address}/export?change=moved&`),
  ].filter((part) => part !== false);
}

/** @param {string} key @param {number | null} [index] */
const part = (key, index) => (index === null || index === undefined ? '' : `&${key}=${index}`);
