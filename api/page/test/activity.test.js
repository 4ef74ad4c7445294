// What happened, told in plain words from the events of the log.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seen } from './document.js';
import { answering } from './network.js';
import { activity } from '../views/activity.js';

/** @import { Context } from '../types.js' */

const MEMBERS = [{ user_id: 'u1', name: 'Ana' }, { user_id: 'u2', email: 'bo@example.com' }];
let position = 0;
let companies = 0;

test('files are told by their names, people by theirs, the newest first', async () => {
  const { told } = await shown([[
    event('FileUploaded', 'upload', { filename: 'may.csv', size_bytes: 2_000_000 }),
    event('DatasetCreated', 'dataset', { upload_id: 'upload', row_count: 1, rejected_row_count: 2 }, 'consumer:ingest'),
    event('OrdersCompared', 'dataset', { overlaps: [{ order_count: 2 }, { order_count: 1 }] }, 'consumer:compare'),
    event('MemberAdded', 'company', { user_id: 'u2', role: 'viewer' }),
    event('ReportRequested', 'report', {}, 'api_key:k1'),
  ]]);
  assert.deepEqual(told, [
    'Segments were asked for by a program',
    'bo@example.com became viewer by Ana',
    '3 orders of may.csv came in other files too by DataCore',
    'may.csv was read: 1 row, 2 left out by DataCore',
    'may.csv was uploaded (2 MB) by Ana',
  ]);
});

test('what it has no words for is told by its name, what somebody read is not told', async () => {
  const { told } = await shown([[event('StoreMoved', 'x', {}, 'user:gone'), event('NotificationRead', 'n', {})]]);
  assert.deepEqual(told, ['StoreMoved by Someone']);
});

test('the log is read to its end, and from there on the next time', async () => {
  const pages = [[event('StoreClosed', 'a', {})], [event('CustomerClosed', 'b', {})]];
  const { base, requests } = await shown(pages);
  const first = pages[0][0].position;
  assert.deepEqual(requests.map(({ path }) => path.split('?')[1]),
    ['limit=200', 'after=0&limit=200', `after=${first}&limit=200`]);
  const again = await shown([[event('ReportRequested', 'c', {})]], base);
  assert.equal(again.requests[1].path.split('?')[1], `after=${first + 1}&limit=200`);
  assert.deepEqual(again.told,
    ['Segments were asked for by Ana', 'The company was closed by Ana', 'A store was closed by Ana']);
});

test('many events come twenty at a time', async () => {
  const { list, more } = await shown([Array.from({ length: 30 }, () => event('StoreClosed', 'a', {}))]);
  assert.deepEqual([list.children.length, more.hidden], [20, false]);
  more.does('click');
  assert.deepEqual([list.children.length, more.hidden], [30, true]);
});

/** @param {string} type @param {string} id @param {object} data @param {string} [actor] */
function event(type, id, data, actor = 'user:u1') {
  position += 1;
  return { type, aggregate_id: id, data, actor, position, recorded_at: '2026-05-01T10:00:00Z' };
}

/** Shows the activity of a company whose log comes in these pages. @param {object[][]} pages @param {string} [base] */
async function shown(pages, base = `/customers/${companies += 1}`) {
  const answers = pages.map((items, index) => ({ body: { items, next: index + 1 < pages.length ? 'more' : null } }));
  const requests = answering({ body: { items: MEMBERS } }, ...answers);
  const [, card] = await activity(/** @type {Context} */ ({ base }));
  const list = seen(seen(card).querySelector('ol'));
  const told = list.children.map((item) => item.querySelector('span')?.textContent);
  return { base, requests, list, told, more: seen(seen(card).querySelector('button')) };
}
