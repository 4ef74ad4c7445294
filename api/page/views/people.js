// Who belongs to the company and may do what: people, and programs with API keys.

import { all, call } from '../api.js';
import { action, choice, confirmed, dialog, h, named, pageHead, table } from '../lib/dom.js';
import { form } from '../lib/form.js';
import { day, time, words } from '../lib/words.js';

/** @import { ApiKeyBody, MemberBody, NewApiKeyBody } from '../service.js' */
/** @import { Column, Context, Option } from '../types.js' */

/** @type {Option[]} */
const ROLES = [['viewer', 'Viewer: reads'], ['analyst', 'Analyst: also uploads and asks for segments'],
  ['owner', 'Owner: also changes the company, its stores and people']];
const SHORT = ROLES.map(([role]) => named({ id: role, name: words(role) }));

/** The view of people; owners change it, and see the keys. @param {Context} context */
export async function people(context) {
  /** @type {MemberBody[]} */
  const members = await all(`${context.base}/members`, context);
  /** @type {ApiKeyBody[]} */
  const keys = context.mayOwn ? await all(`${context.base}/api-keys`, context) : [];
  return [pageHead('People', `Who may see and do what at ${context.customer.name}.`),
    peopleCard(context, members), context.mayOwn && keysCard(context, keys)].filter(Boolean);
}

/** @param {Context} context @param {MemberBody[]} members */
function peopleCard(context, members) {
  /** @type {Column[]} */
  const columns = [['Name'], ['Role'], ['']];
  const invite = form({
    fields: [{ name: 'email', label: 'E-mail', type: 'email', required: true },
      { name: 'role', label: 'Role', options: ROLES }],
    label: 'Add person', busy: 'Adding …',
    submit: async (given) => {
      await call('POST', `${context.base}/members`, { body: given });
      context.reload();
    },
  });
  const box = table('People', columns, members.map((member) => personRow(context, member)));
  box.firstElementChild?.classList.add('flow');
  return h('section.card', h('h2', 'People'), box,
    context.mayOwn && h('details', h('summary', 'Add a person'), invite));
}

/** @param {Context} context @param {MemberBody} member */
function personRow(context, member) {
  const invited = member.status === 'invited';
  const name = h('div', h('strong', member.name ?? member.email ?? 'Someone who left'),
    h('small', invited ? 'Invited: may sign up with this address' : member.email));
  if (!context.mayOwn) return [name, words(member.role), ''];
  const path = `${context.base}/members/${member.user_id}`;
  const problem = h('small.wrong', { role: 'alert' });
  const role = choice({ 'aria-label': `Role of ${member.name ?? member.email}` }, SHORT, member.role);
  role.addEventListener('change', async () => {
    problem.textContent = '';
    try { await call('PATCH', path, { body: { role: role.value } }); } catch (error) {
      problem.textContent = error.message;
      role.value = member.role;
      return;
    }
    // Owners may change what they themselves may do.
    context.renew();
  });
  const remove = () => confirmed('Remove from the company?', `${member.name ?? member.email} will not see it any more.`,
    'Remove', async () => { await call('DELETE', path); context.renew(); });
  return [name, [role, problem], h('button.link', { type: 'button', onclick: remove }, 'Remove')];
}

/** @param {Context} context @param {ApiKeyBody[]} keys */
function keysCard(context, keys) {
  /** @type {Column[]} */
  const columns = [['Name'], ['Role'], ['Created'], ['Last used'], ['']];
  const row = (/** @type {ApiKeyBody} */ key) => [h('strong', key.name), words(key.role), day(key.created_at),
    key.last_used_at ? time(key.last_used_at) : 'Never',
    h('button.link', { type: 'button', onclick: () => revoke(context, key) }, 'Revoke')];
  const create = form({
    fields: [{ name: 'name', label: 'What it is for', required: true }, { name: 'role', label: 'Role', options: ROLES }],
    label: 'Create key', busy: 'Creating …',
    submit: async (given) => {
      const { body } = await call('POST', `${context.base}/api-keys`, { body: given });
      shown(body).addEventListener('close', () => context.reload());
    },
  });
  const box = table('API keys', columns, keys.map(row));
  box.firstElementChild?.classList.add('flow');
  return h('section.card', h('h2', 'API keys'),
    h('p.muted', 'A program that sends a key acts for this company, with the role of the key and nothing else.'),
    keys.length > 0 && box,
    h('details', h('summary', 'Create a key'), create));
}

/** The secret, which is told once. @param {NewApiKeyBody} key */
function shown(key) {
  /** @type {HTMLInputElement} */
  const secret = h('input', { readonly: true, value: key.token, 'aria-label': 'Secret', onfocus: () => secret.select() });
  const copy = action('button.primary', 'Copy', async (button) => {
    await navigator.clipboard.writeText(key.token);
    button.textContent = 'Copied';
  });
  return dialog(`The key “${key.name}”`,
    h('p', 'Keep it now: it is not stored, and cannot be shown again. Programs send it as ',
      h('code', 'Authorization: Bearer …'), '.'),
    h('div.fields', h('div.field', secret), h('p.actions', copy)));
}

/** @param {Context} context @param {ApiKeyBody} key */
function revoke(context, key) {
  confirmed('Revoke this key?', `Programs that use “${key.name}” are refused from then on.`, 'Revoke', async () => {
    await call('DELETE', `${context.base}/api-keys/${key.id}`);
    context.reload();
  });
}
