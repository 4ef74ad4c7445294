// Forms: what a field is, when it is asked for, and where the refusal of its value is shown.

import { choice, h } from './dom.js';

/** @import { FieldProblem } from '../service.js' */
/** @import { Field } from '../types.js' */

/**
 * A form. Each field is {name, label, type, options, hint, when, more, …attributes}: `when(values)` says whether it
 * is asked for, `more` puts it under "More options". What the service refuses is shown beside the field it names.
 * @param {{fields: Field[], label: string, busy?: string, submit: (given: any) => Promise<unknown>}} how
 */
export function form({ fields, label, busy, submit }) {
  const parts = fields.map(field);
  const message = h('p.message', { role: 'alert', hidden: true });
  const button = h('button.primary', { type: 'submit' }, label);
  const rare = parts.filter((part) => part.more);
  const element = h('form', { oninput: () => fit(), onsubmit: send },
    h('div.fields', parts.filter((part) => !part.more).map((part) => part.row)),
    rare.length > 0 && h('details', h('summary', 'More options'), h('div.fields', rare.map((part) => part.row))),
    message, button);
  const values = () => Object.fromEntries([...new FormData(element)].filter(([, value]) => value !== '')
    .map(([name, value]) => [name, inputIn(element, name).type === 'number' ? Number(value) : value]));
  const fit = () => parts.forEach((part) => {
    if (part.when) part.row.hidden = part.input.disabled = !part.when(values());
  });
  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    const given = values();
    parts.forEach((part) => part.complain(''));
    message.hidden = true;
    button.disabled = true;
    button.textContent = busy ?? label;
    try { await submit(given); } catch (problem) { show(problem); }
    button.disabled = false;
    button.textContent = label;
  }
  /** @param {Error & {errors?: FieldProblem[]}} problem */
  function show(problem) {
    const refused = (problem.errors ?? []).map(({ pointer, detail }) =>
      ({ part: parts.find((part) => part.input.name === nameIn(pointer)), detail }));
    refused.forEach(({ part, detail }) => part?.complain(detail));
    const first = refused.find(({ part }) => part)?.part;
    message.hidden = refused.length > 0 && refused.every(({ part }) => part);
    message.textContent = problem.message;
    first?.row.closest('details')?.setAttribute('open', '');
    first?.input.focus();
  }
  fit();
  return element;
}

/** The field of a form that has this name. @param {HTMLFormElement} form @param {string} name */
export const inputIn = (form, name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {string} pointer */
const nameIn = (pointer) => pointer.replace(/^[/?]/, '').split('/')[0];
let count = 0;

/** @param {Field} how */
function field({ name, label, type = 'text', options, hint, when, more, ...attributes }) {
  const id = `field-${count += 1}`;
  const common = { id, name, 'aria-describedby': `${id}-note`, ...attributes };
  const input = options ? choice(common, options) : h('input', { type, ...common });
  const note = h('small', { id: `${id}-note` }, hint);
  const complain = (/** @type {string} */ text) => {
    note.textContent = text ? `This ${text.replace(/^this /i, '')}` : hint ?? '';
    note.classList.toggle('wrong', Boolean(text));
    input.toggleAttribute('aria-invalid', Boolean(text));
  };
  const isOptional = !attributes.required && !options;
  const row = h('div.field', h('label', { for: id }, label, isOptional && h('i', ' (optional)')), input, note);
  return { input, row, complain, when, more };
}
