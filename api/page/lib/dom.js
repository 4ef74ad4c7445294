// Elements, forms and lists. Text always goes in as text nodes, so data can never become markup.

const isProps = (value) => value?.constructor === Object;

const build = (create) => (name, ...rest) => {
  const [props, ...children] = isProps(rest[0]) ? rest : [{}, ...rest];
  const [tag, ...classes] = name.split('.');
  const element = create(tag);
  if (classes.length) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'vars') Object.keys(value).forEach((name) => element.style.setProperty(`--${name}`, value[name]));
    else element.setAttribute(key, value === true ? '' : value);
  }
  // What is left out by a condition is false, null or undefined; 0 is shown.
  element.append(...children.flat(Infinity).filter((child) => (child ?? false) !== false));
  return element;
};

/** Builds an HTML element: `h('p.note', { id }, 'text', child)`; `vars` sets CSS custom properties. */
export const h = build((tag) => document.createElement(tag));
/** Builds an SVG element. */
export const s = build((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));

/** Says something to screen readers. */
export const announce = (text) => { document.getElementById('announcer').textContent = text; };

/** The head of a view: title, a line below it, and what can be done at its side. */
export const pageHead = (title, note, ...aside) =>
  h('div.head', h('div', h('h1', title), h('p.muted', note)), aside);

/** Links to a file in each format; `address` is a path of the interface that ends where the query goes on. */
export const downloads = (label, address, isSmall) => h('p.actions', h('small', isSmall ? 'Export' : label),
  [['csv', 'CSV'], ['parquet', 'Parquet'], ['arrow', 'Arrow']].slice(0, isSmall ? 2 : 3).map(([format, name]) => {
    const href = `/api/v1${address}format=${format}`;
    return h(isSmall ? 'a' : 'a.button', { href, download: true, 'aria-label': `${label} as ${name}` }, name);
  }));

/** The message that stands where something failed. */
export const failure = (problem) => h('p.message', { role: 'alert' }, problem.message);

/** A button that is off while its work runs, and shows below itself what went wrong. */
export function action(name, label, work) {
  const problem = h('span.wrong', { role: 'alert' });
  const run = async () => {
    button.disabled = true;
    problem.textContent = '';
    try { await work(button); } catch (error) { problem.textContent = error.message; }
    button.disabled = false;
  };
  const button = h(name, { type: 'button', onclick: run }, label);
  return [button, problem];
}

/** Adds the pages of a list one by one: `load(cursor)` gives a page, `add(items)` shows it. Gives the button. */
export async function pages(load, add) {
  let cursor;
  const next = async () => {
    const page = await load(cursor ? `&cursor=${encodeURIComponent(cursor)}` : '');
    add(page.items);
    cursor = page.next;
    more.hidden = !cursor;
  };
  const more = h('p.more', action('button', 'Show more', next));
  await next();
  return more;
}

/**
 * A form. Each field is {name, label, type, options, hint, when, more, …attributes}: `when(values)` says whether it
 * is asked for, `more` puts it under "More options". What the service refuses is shown beside the field it names.
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
    .map(([name, value]) => [name, element.elements[name].type === 'number' ? Number(value) : value]));
  const fit = () => parts.filter((part) => part.when).forEach((part) => {
    part.row.hidden = part.input.disabled = !part.when(values());
  });
  async function send(event) {
    event.preventDefault();
    const given = values();
    parts.forEach((part) => part.complain(''));
    message.hidden = true;
    button.disabled = true;
    button.textContent = busy ?? label;
    try { await submit(given, element); } catch (problem) { show(problem); }
    button.disabled = false;
    button.textContent = label;
  }
  function show(problem) {
    const partOf = ({ pointer }) => parts.find((part) => part.input.name === nameIn(pointer));
    const named = (problem.errors ?? []).map((error) => [partOf(error), error]);
    named.forEach(([part, error]) => part?.complain(error.detail));
    const first = named.find(([part]) => part)?.[0];
    message.hidden = named.length > 0 && named.every(([part]) => part);
    message.textContent = problem.message;
    first?.row.closest('details')?.setAttribute('open', '');
    first?.input.focus();
  }
  fit();
  return element;
}

const nameIn = (pointer) => pointer.replace(/^[/?]/, '').split('/')[0];
let count = 0;

function field({ name, label, type = 'text', options, hint, when, more, ...attributes }) {
  const id = `field-${count += 1}`;
  const common = { id, name, 'aria-describedby': `${id}-note`, ...attributes };
  const input = options ? choice(common, options) : h('input', { type, ...common });
  const note = h('small', { id: `${id}-note` }, hint);
  const complain = (text) => {
    note.textContent = text ? `This ${text.replace(/^this /i, '')}` : hint ?? '';
    note.classList.toggle('wrong', Boolean(text));
    input.toggleAttribute('aria-invalid', Boolean(text));
  };
  const isOptional = !attributes.required && !options;
  const row = h('div.field', h('label', { for: id }, label, isOptional && h('i', ' (optional)')), input, note);
  return { input, row, complain, when, more };
}

/** A select; options are [value, label] pairs. */
export const choice = (attributes, options, chosen) =>
  h('select', attributes, options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)));

/** A dialog with a title and a way out; removed when it is closed. */
export function dialog(title, ...content) {
  const close = h('button', { type: 'button', 'aria-label': 'Close', onclick: () => element.close() }, '✕');
  const element = h('dialog', { 'aria-label': title, onclose: () => element.remove() },
    h('header', h('h2', title), close), content);
  document.body.append(element);
  element.showModal();
  return element;
}

/** Asks before something that cannot be taken back. */
export const confirmed = (title, text, label, work) => {
  const act = action('button.danger', label, async () => { await work(); box.close(); });
  const box = dialog(title, h('p', text), h('p.actions', act));
};

/** A table that scrolls inside itself; columns are [label, isNumber], rows are lists of cells. */
export const table = (caption, columns, rows) => h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': caption },
  h('table', h('caption.unseen', caption),
    h('thead', h('tr', columns.map(([label, number]) => h('th', { scope: 'col', class: number && 'number' }, label)))),
    h('tbody', rows.map((cells) => tableRow(columns, cells)))));

/** A row of such a table; on a narrow screen each cell carries its column's label. */
export const tableRow = (columns, cells) => h('tr', cells.map((cell, index) =>
  h('td', { class: columns[index][1] && 'number', 'data-label': columns[index][0] }, cell)));
