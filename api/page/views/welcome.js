// Before there is anything to see: signing up or in, and registering the company.

import { call } from '../api.js';
import { h, s } from '../lib/dom.js';
import { form } from '../lib/form.js';

/** @import { CustomerBody } from '../service.js' */
/** @import { Field } from '../types.js' */

/** @type {Field} */
const email = { name: 'email', label: 'E-mail', type: 'email', required: true, autocomplete: 'username' };
/** @type {Field} */
const password = { name: 'password', label: 'Password', type: 'password', required: true };

/** Sign in or sign up; `done` runs once the session is there. @param {() => void} done */
export function welcome(done) {
  const signIn = async (/** @type {{email: string, password: string}} */ { email, password }) => {
    await call('POST', '/sessions/page', { body: { email, password } });
    done();
  };
  const signUp = async (/** @type {{name: string, email: string, password: string}} */ given) => {
    await call('POST', '/users', { body: given });
    await signIn(given);
  };
  const side = h('div');
  const turn = (/** @type {() => void} */ next) => { next(); side.querySelector('input')?.focus(); };
  /** @type {(title: string, form: HTMLFormElement, question: string, other: string, next: () => void) => void} */
  const face = (title, form, question, other, next) => side.replaceChildren(h('h2', title), form,
    h('p', `${question} `, h('button.link', { type: 'button', onclick: () => turn(next) }, other)));
  const asMember = () => face('Sign in',
    form({
      fields: [email, { ...password, autocomplete: 'current-password' }],
      label: 'Sign in', busy: 'Signing in …', submit: signIn,
    }),
    'New here?', 'Create an account', asNewcomer);
  const asNewcomer = () => face('Create an account',
    form({
      fields: [{ name: 'name', label: 'Your name', required: true, autocomplete: 'name' }, email,
        { ...password, minlength: 8, autocomplete: 'new-password', hint: 'At least 8 characters, and not one that is guessed first.' }],
      label: 'Create account', busy: 'Creating …', submit: signUp,
    }),
    'Have an account?', 'Sign in', asMember);
  asMember();
  return h('section.card.welcome',
    h('div.pitch',
      h('p.brand', h('img', { src: '/page/icon.svg', alt: '' }), 'DataCore'),
      h('div', h('h1', 'Know who your shoppers are'),
        h('p.muted', 'Upload the purchases of your stores. DataCore finds the groups of shoppers behind them, ',
          'and says what to do for each.')),
      picture()),
    side);
}

/** The first step of a new user. @param {(customer: CustomerBody) => void} done @param {boolean} another */
export function registerCompany(done, another) {
  const register = form({
    fields: [{ name: 'name', label: 'Company name', required: true, autocomplete: 'organization' },
      { name: 'description', label: 'What it does' }],
    label: 'Register company', busy: 'Registering …',
    submit: async (given) => done((await call('POST', '/customers', { body: given })).body),
  });
  return h('div.narrow', h('h1', another ? 'Register another company' : 'Register your company'),
    h('p.muted', 'Stores, files and reports belong to a company. Next you add its first store.'),
    h('section.card', register));
}

/** A still life of five segments, drawn from fixed numbers. */
function picture() {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const spread = () => random() + random() + random() - 1.5;
  const clouds = [[90, 60, 26], [165, 150, 34], [255, 70, 30], [310, 165, 22], [375, 95, 16]];
  const dots = clouds.flatMap(([x, y, count], index) => Array.from({ length: count }, () =>
    s('circle', {
      cx: x + 45 * spread(), cy: y + 38 * spread(), r: 3 + 3.5 * random(), fill: `var(--s${index})`, opacity: 0.75,
    })));
  return s('svg', { viewBox: '0 0 440 220', 'aria-hidden': 'true' }, dots);
}
