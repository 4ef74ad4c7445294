// Forms: what they ask, what they submit, and where they show what was refused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { seen, settled } from './document.js';
import { form } from '../lib/form.js';

/** @import { Field } from '../types.js' */
/** @import { Element } from './document.js' */

describe('a form', () => {
  test('submits what was filled in, numbers as numbers, and nothing that is empty or not asked for', async () => {
    const { element, sent } = asking();
    fill(element, { name: 'Centro', clusters: '3', note: '' });
    element.does('submit');
    await settled();
    assert.deepEqual(sent, [{ name: 'Centro', kind: 'plain', clusters: 3 }]);
  });

  test('asks for a field only when the others say so', () => {
    const { element } = asking();
    const radius = fieldOf(element, 'radius');
    const isAsked = () => !seen(radius).disabled && !seen(radius.parentNode).hidden;
    assert.equal(isAsked(), false);
    fill(element, { kind: 'dense' });
    element.does('input');
    assert.equal(isAsked(), true);
  });

  test('puts rare fields under more options', () => {
    const { element } = asking();
    assert.equal(fieldOf(element, 'note').closest('details')?.querySelector('summary')?.textContent, 'More options');
    assert.equal(fieldOf(element, 'name').closest('details'), null);
  });

  test('says that it is busy', async () => {
    const { element } = asking();
    const button = seen(element.querySelector('button'));
    element.does('submit');
    assert.deepEqual([button.disabled, button.textContent], [true, 'Saving …']);
    await settled();
    assert.deepEqual([button.disabled, button.textContent], [false, 'Save']);
  });

  test('shows a refusal beside the field that it names, opens and focuses it', async () => {
    const errors = [{ pointer: '/note/text', detail: 'this is too long' }];
    const { element } = asking(Object.assign(new Error('One field is wrong.'), { errors }));
    element.does('submit');
    await settled();
    const note = fieldOf(element, 'note');
    assert.equal(note.parentNode?.querySelector('small')?.textContent, 'This is too long');
    assert.notEqual(note.getAttribute('aria-invalid'), null);
    assert.notEqual(note.closest('details')?.getAttribute('open'), null);
    assert.equal(/** @type {any} */ (document).activeElement, note);
    assert.equal(message(element).hidden, true);
  });

  test('shows a refusal that names no field of it, in a message until the next try', async () => {
    const errors = [{ pointer: '/scope', detail: 'is gone' }];
    const { element } = asking(Object.assign(new Error('No.'), { errors }));
    element.does('submit');
    await settled();
    assert.deepEqual([message(element).hidden, message(element).textContent], [false, 'No.']);
    element.does('submit');
    assert.equal(message(element).hidden, true);
    await settled();
  });
});

/** A form of every sort of field, and what it submits; the first time may end with a problem. @param {Error} [problem] */
function asking(problem) {
  /** @type {unknown[]} */
  const sent = [];
  const submit = async (/** @type {unknown} */ given) => {
    sent.push(given);
    if (problem && sent.length === 1) throw problem;
  };
  const isDense = (/** @type {{kind?: string}} */ values) => values.kind === 'dense';
  /** @type {Field[]} */
  const fields = [
    { name: 'name', label: 'Name', required: true },
    { name: 'kind', label: 'Kind', options: [['plain', 'Plain'], ['dense', 'Dense']] },
    { name: 'clusters', label: 'Number', type: 'number' },
    { name: 'radius', label: 'Radius', type: 'number', value: 0.5, when: isDense },
    { name: 'note', label: 'Note', more: true },
  ];
  return { element: seen(form({ fields, label: 'Save', busy: 'Saving …', submit })), sent };
}

/** @param {Element} form @param {string} name */
const fieldOf = (form, name) => seen(form.elements.namedItem(name));

/** @param {Element} element @param {Record<string, string>} values */
function fill(element, values) {
  for (const [name, value] of Object.entries(values)) fieldOf(element, name).value = value;
}

/** @param {Element} element */
const message = (element) => seen(element.querySelector('.message'));
