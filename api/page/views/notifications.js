// What people are told: the bell in the header, and the events of the company that ring it.

import { call, get } from '../api.js';
import { action, announce, h, s } from '../lib/dom.js';
import { time } from '../lib/words.js';

/** @import { CustomerBody, NotificationBody } from '../service.js' */

/** The newest ones are shown. */
const SHOWN = 20;
/** The events after which there may be something else to tell. */
const RINGS = new Set([
  'DatasetCreated', 'DatasetRejected', 'DialectChosen', 'UploadDeleted', 'ReportCompleted', 'ReportFailed', 'NotificationRead',
]);
/** How long to wait, in milliseconds, before a stream that was refused is asked for again. */
const PAUSE = 15_000;

const icon = () => s('svg', { viewBox: '0 0 24 24', 'aria-hidden': true },
  s('path', { d: 'M5.5 17h13l-1.6-2.4V10a4.9 4.9 0 0 0-9.8 0v4.6zM10 19.5a2.1 2.1 0 0 0 4 0' }));

/**
 * The bell of a company. It listens while the page is looked at, until `close` is called.
 * @param {CustomerBody} customer
 */
export function bell(customer) {
  const base = `/customers/${customer.id}`;
  const count = h('span.count', { hidden: true });
  const button = h('button.bell', { type: 'button', popovertarget: 'news', 'aria-label': 'Notifications' }, icon(), count);
  const list = h('ol');
  const all = h('div', { hidden: true }, action('button', 'Mark all as read', () => Promise.all(unread().map(see))));
  const box = h('div.menu.news', { id: 'news', popover: 'auto' }, h('h2', 'Notifications'), list, all);
  /** @type {NotificationBody[] | undefined} */
  let told;
  /** @type {EventSource | undefined} */
  let stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const unread = () => (told ?? []).filter((one) => !one.read_at);
  const see = (/** @type {NotificationBody} */ { id }) => call('POST', `${base}/notifications/${id}/read`);

  /** @param {NotificationBody[]} items */
  function show(items) {
    const before = new Set((told ?? items).map(keyOf));
    told = items;
    const number = unread().length;
    count.hidden = number === 0;
    count.textContent = number === SHOWN ? `${number}+` : String(number);
    button.setAttribute('aria-label', number ? `Notifications, ${count.textContent} unread` : 'Notifications');
    all.hidden = number === 0;
    list.replaceChildren(...(items.length ? items.map(item) : [h('li.muted', 'Files and reports that are done are told here.')]));
    unread().filter((one) => !before.has(keyOf(one))).forEach((one) => announce(one.title));
  }

  /** @param {NotificationBody} one */
  function item(one) {
    const open = () => {
      box.hidePopover();
      if (!one.read_at) see(one).catch(() => {});
    };
    const href = `#/c/${customer.id}/${placeOf(one)}`;
    return h('li', { class: !one.read_at && 'unread' },
      h('a', { href, onclick: open }, h('strong', one.title), !one.read_at && h('span.unseen', '(unread)')),
      h('p', one.text.replaceAll(/\n+/g, '\n')),
      h('small', h('time', { datetime: one.created_at }, time(one.created_at))));
  }

  /** Asked once more at the end when something came meanwhile, so that the newest answer is the one that is shown. */
  const refresh = once(async () => show((await get(`${base}/notifications?limit=${SHOWN}`)).items));

  function listen() {
    clearTimeout(timer);
    stream?.close();
    if (document.hidden) return;
    stream = new EventSource(`/api/v1${base}/events/stream?after=newest`);
    // Whatever happened while nobody listened is in the list.
    stream.onopen = refresh;
    stream.onmessage = ({ data }) => { if (RINGS.has(JSON.parse(data).type)) refresh(); };
    // A stream that broke off is opened again by the browser; one that was refused is not.
    stream.onerror = () => { if (stream?.readyState === EventSource.CLOSED) timer = setTimeout(listen, PAUSE); };
  }

  function close() {
    clearTimeout(timer);
    stream?.close();
    document.removeEventListener('visibilitychange', listen);
  }

  // Browsers allow few connections to a host, so a page that nobody looks at gives its own back.
  document.addEventListener('visibilitychange', listen);
  listen();
  return { customer, elements: [button, box], close };
}

/** @param {NotificationBody} one */
const keyOf = ({ id, created_at: at }) => `${id} ${at}`;

/** @param {NotificationBody} one */
function placeOf({ report_id: report, dataset_id: dataset }) {
  if (report) return `segments/${report}`;
  return dataset ? `data/${dataset}` : 'data';
}

/** Runs some work, and once more when it is asked for while it runs. @param {() => Promise<void>} work */
function once(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await work().catch(() => {});
    }
    running = false;
  };
}
