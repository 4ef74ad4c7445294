// The page: who is signed in, which company, and the view that the address after # names.
//
//   #/c/<customer>/segments            reports, and asking for one
//   #/c/<customer>/segments/<report>   a report
//   #/c/<customer>/data                stores and files
//   #/c/<customer>/data/<dataset>      a dataset
//   #/c/<customer>/people              members and API keys
//   #/c/<customer>/activity            what happened

import { all, call, get } from './api.js';
import { announce, byId, choice, failure, h, named } from './lib/dom.js';
import { activity } from './views/activity.js';
import { data } from './views/data.js';
import { dataset } from './views/dataset.js';
import { bell } from './views/notifications.js';
import { people } from './views/people.js';
import { report } from './views/report.js';
import { segments } from './views/segments.js';
import { registerCompany, welcome } from './views/welcome.js';

/** @import { CustomerBody, UserBody } from './service.js' */
/** @import { Child, Context } from './types.js' */
/** @typedef {Node | Child[]} View */
/** @typedef {(context: Context) => Promise<View>} List */
/** @typedef {(context: Context, id: string) => Promise<View>} Item */

/** The list of each tab, the view of one item of it, and the title. @type {Record<string, [List, Item, string]>} */
const TABS = {
  segments: [segments, report, 'Segments'],
  data: [data, dataset, 'Data'],
  people: [people, people, 'People'],
  activity: [activity, activity, 'Activity'],
};
const main = byId('main');
const header = byId('header');

/**
 * Who is signed in and their companies; empty until they are asked for.
 * @type {{me?: UserBody, customers?: CustomerBody[]}}
 */
let session = {};
/** What the header shows: the company and the tab. @type {{customer?: CustomerBody, tab?: string}} */
let place = {};
/** The bell of the company that is shown. @type {ReturnType<typeof bell> | undefined} */
let ringing;
/** Ends the requests of a view that is left. */
let leaving = new AbortController();

addEventListener('hashchange', route);
addEventListener('signed-out', () => { leaving.abort(); session = {}; ring(); show(welcome(signedIn), 'Sign in'); });
document.querySelector('.skip')?.addEventListener('click', (event) => { event.preventDefault(); main.focus(); });
route();

async function route() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  main.ariaBusy = 'true';
  try {
    session.me ??= await get('/users/me', { signal });
    /** @type {CustomerBody[]} */
    const customers = session.customers ??= await all('/customers', { signal });
    const [, , id, tab, item] = location.hash.split('/');
    const customer = customers.find((customer) => customer.id === id);
    if (id === 'new' || customers.length === 0) {
      return show(registerCompany(registered, id === 'new'), 'Register your company');
    }
    if (!customer || !Object.hasOwn(TABS, tab)) return await begin(customer ?? customers[0], signal);
    const context = contextOf(customer, signal);
    const [list, single, title] = TABS[tab];
    const view = await (item ? single(context, item) : list(context));
    if (!signal.aborted) show(view, `${title} – ${customer.name}`, customer, tab);
  } catch (problem) {
    if (signal.aborted || problem.status === 401) return;
    show(failure(problem), 'Something went wrong', place.customer, place.tab);
  }
}

/** What a view works with. @param {CustomerBody} customer @param {AbortSignal} signal @returns {Context} */
function contextOf(customer, signal) {
  const link = (/** @type {(string | number)[]} */ ...parts) => `#/c/${[customer.id, ...parts].join('/')}`;
  return {
    customer,
    base: `/customers/${customer.id}`,
    signal,
    mayAnalyse: customer.role !== 'viewer',
    mayOwn: customer.role === 'owner',
    link,
    go: (...parts) => { location.hash = link(...parts); },
    reload: route,
    renew: () => { session.customers = undefined; return route(); },
  };
}

/** A company without reports starts with its data. @param {CustomerBody} customer @param {AbortSignal} signal */
async function begin(customer, signal) {
  const reports = await get(`/customers/${customer.id}/reports?limit=1`, { signal });
  location.replace(`#/c/${customer.id}/${reports.items.length ? 'segments' : 'data'}`);
}

function signedIn() {
  session = {};
  route();
}

/** @param {CustomerBody} customer */
function registered(customer) {
  session.customers?.push(customer);
  location.hash = `#/c/${customer.id}/data`;
}

/** @param {View} view @param {string} title @param {CustomerBody} [customer] @param {string} [tab] */
function show(view, title, customer, tab) {
  const isFirst = main.ariaBusy === 'true' && !document.title.includes('·');
  main.ariaBusy = 'false';
  document.querySelectorAll('dialog').forEach((dialog) => dialog.close());
  main.replaceChildren(.../** @type {Node[]} */ ([view].flat()));
  document.title = `${title} · DataCore`;
  place = { customer, tab };
  header.hidden = !session.me;
  header.replaceChildren(session.me ? bar(session.me, customer, tab) : '');
  scrollTo(0, 0);
  if (!isFirst) heading()?.focus({ preventScroll: true });
  announce(title);
}

function heading() {
  const title = main.querySelector('h1');
  title?.setAttribute('tabindex', '-1');
  return title;
}

/** @param {UserBody} me @param {CustomerBody} [customer] @param {string} [tab] */
function bar(me, customer, tab) {
  const tabs = Object.entries(TABS).map(([name, [, , title]]) =>
    h('a', { href: `#/c/${customer?.id}/${name}`, 'aria-current': name === tab && 'page' }, title));
  const { name } = me;
  const opens = { popovertarget: 'menu', 'aria-label': `Account of ${name}` };
  const account = h('button.avatar', { type: 'button', ...opens }, [...name][0].toUpperCase());
  const logo = h('img', { src: '/page/icon.svg', alt: '' });
  return h('div',
    h('a.brand', { href: '#/', 'aria-label': 'DataCore' }, logo, h('span', 'DataCore')),
    h('nav', { 'aria-label': 'Main' }, customer && tabs),
    customer && companies(customer),
    customer && ring(customer),
    account,
    menu(me));
}

/**
 * The bell of a company, which stays the same while the views change; without a company none rings.
 * @param {CustomerBody} [customer]
 */
function ring(customer) {
  if (ringing?.customer.id !== customer?.id) {
    ringing?.close();
    ringing = customer && bell(customer);
  }
  return ringing?.elements;
}

/** @param {CustomerBody} customer */
function companies(customer) {
  const others = session.customers ?? [];
  const options = [...others.map(named), named({ id: 'new', name: 'Register another company …' })];
  const select = choice({ 'aria-label': 'Company' }, options, customer.id);
  select.addEventListener('change', () => { location.hash = `#/c/${select.value}`; });
  return select;
}

/** @param {UserBody} me */
function menu(me) {
  const out = async (/** @type {string} */ sessions) => {
    await call('DELETE', sessions).catch(() => {});
    location.hash = '';
    dispatchEvent(new Event('signed-out'));
  };
  return h('div.menu', { id: 'menu', popover: 'auto' },
    h('p', h('strong', me.name)), h('p', h('small', me.email)),
    h('a', { href: '/docs' }, 'HTTP interface'),
    h('button', { type: 'button', onclick: () => out('/sessions/current') }, 'Sign out'),
    h('button', { type: 'button', onclick: () => out('/sessions') }, 'Sign out everywhere'));
}
