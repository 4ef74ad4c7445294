// As much of a document as lib/ draws with: elements, attributes, text, events. It lays nothing out and knows no CSS;
// what needs that is tested in a browser (browser/).

const REFLECTED = ['hidden', 'disabled', 'selected'];
const VOID = new Set(['input', 'img']);
const escaped = (/** @type {unknown} */ text) =>
  String(text).replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] ?? mark);

/** A piece of text. */
class Text {
  /** @param {unknown} text */
  constructor(text) { this.textContent = String(text); }
  get outerHTML() { return escaped(this.textContent); }
}

/** An element, of HTML or SVG. */
class Element extends EventTarget {
  /** @type {Element | null} */
  parentNode = null;
  /** @type {(Element | Text)[]} */
  childNodes = [];
  /** @type {Map<string, string>} */
  attributes = new Map();
  /** @type {Record<string, unknown>} */
  vars = {};
  clientWidth = 0;

  /** @param {string} localName @param {string | null} namespaceURI */
  constructor(localName, namespaceURI = null) {
    super();
    this.localName = localName;
    this.namespaceURI = namespaceURI;
    const setProperty = (/** @type {string} */ name, /** @type {unknown} */ value) => { this.vars[name] = value; };
    this.style = { setProperty };
    this.classList = {
      contains: (/** @type {string} */ name) => this.#classes().includes(name),
      toggle: (/** @type {string} */ name, /** @type {boolean} */ is) => {
        const others = this.#classes().filter((one) => one !== name);
        this.setAttribute('class', (is ? [...others, name] : others).join(' '));
      },
    };
  }

  #classes() { return (this.getAttribute('class') ?? '').split(' ').filter(Boolean); }

  /** @param {string} name @param {unknown} value */
  setAttribute(name, value) { this.attributes.set(name, String(value)); }
  /** @param {string} name */
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  /** @param {string} name @param {boolean} is */
  toggleAttribute(name, is) { is ? this.setAttribute(name, '') : this.attributes.delete(name); }

  get children() { return this.childNodes.filter((child) => child instanceof Element); }
  /** @returns {string} */
  get textContent() { return this.childNodes.map((child) => child.textContent).join(''); }
  set textContent(text) { this.replaceChildren(...(text === '' ? [] : [text])); }

  /** @param {...unknown} nodes */
  append(...nodes) {
    for (const node of nodes) {
      if (node instanceof Element) node.parentNode = this;
      this.childNodes.push(node instanceof Element ? node : new Text(node));
    }
  }

  /** @param {...unknown} nodes */
  replaceChildren(...nodes) {
    this.childNodes = [];
    this.append(...nodes);
  }

  /** The elements below this one, in the order of the document. @returns {Element[]} */
  below() { return this.children.flatMap((child) => [child, ...child.below()]); }
  /** Finds by `name`, `.class` or `name.class`. @param {string} selector */
  querySelectorAll(selector) {
    const [name, wanted] = selector.split('.');
    return this.below().filter((one) => (!name || one.localName === name) && (!wanted || one.classList.contains(wanted)));
  }
  /** @param {string} selector */
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }
  /** @param {string} name @returns {Element | null} */
  closest(name) { return this.localName === name ? this : this.parentNode?.closest(name) ?? null; }

  focus() { document.activeElement = this; }
  /** Sends an event, as a person's hand would. @param {string} type @param {object} facts */
  does(type, facts = {}) { this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), facts)); }

  get name() { return this.getAttribute('name'); }
  get type() { return this.getAttribute('type'); }
  get value() {
    if (this.localName !== 'select') return this.getAttribute('value') ?? '';
    const options = this.querySelectorAll('option');
    const chosen = options.find((option) => option.getAttribute('selected') !== null) ?? options[0];
    return chosen?.getAttribute('value') ?? '';
  }
  set value(value) {
    if (this.localName !== 'select') this.setAttribute('value', value);
    this.querySelectorAll('option').forEach((option) => option.toggleAttribute('selected', option.value === value));
  }
  /** The fields of a form. */
  get fields() { return this.below().filter((one) => one.name !== null); }
  get elements() {
    return { namedItem: (/** @type {string} */ name) => this.fields.find((field) => field.name === name) ?? null };
  }

  /** @returns {string} */
  get outerHTML() {
    const attributes = [...this.attributes].map(([name, value]) => ` ${name}${value && `="${escaped(value)}"`}`).join('');
    const inside = this.childNodes.map((child) => child.outerHTML).join('');
    return `<${this.localName}${attributes}>${VOID.has(this.localName) ? '' : `${inside}</${this.localName}>`}`;
  }
}

for (const name of REFLECTED) {
  Object.defineProperty(Element.prototype, name, {
    /** @this {Element} */
    get() { return this.getAttribute(name) !== null; },
    /** @this {Element} @param {boolean} is */
    set(is) { this.toggleAttribute(name, is); },
  });
}
Object.defineProperty(Element.prototype, 'ariaPressed', {
  /** @this {Element} */
  get() { return this.getAttribute('aria-pressed'); },
  /** @this {Element} @param {string} value */
  set(value) { this.setAttribute('aria-pressed', value); },
});

const document = {
  /** @type {Element | null} */
  activeElement: null,
  createElement: (/** @type {string} */ name) => new Element(name),
  createElementNS: (/** @type {string} */ namespace, /** @type {string} */ name) => new Element(name, namespace),
};

/** What a form would send: its fields that are not off. */
class FormData {
  /** @param {Element} form */
  constructor(form) {
    this.fields = form.fields.filter((field) => field.getAttribute('disabled') === null);
  }

  * [Symbol.iterator]() { for (const field of this.fields) yield [field.name, field.value]; }
}

/** Tells nobody of sizes by itself: `ResizeObserver.all` are those to call. */
class ResizeObserver {
  /** @type {ResizeObserver[]} */
  static all = [];
  /** @param {() => void} resized */
  constructor(resized) {
    this.resized = resized;
    ResizeObserver.all.push(this);
  }

  /** @param {Element} host */
  observe(host) { this.host = host; }
}

Object.assign(globalThis, { document, FormData, ResizeObserver });
export { Element, ResizeObserver };

/** @typedef {Element & Record<'hidden' | 'disabled', boolean>} Seen */
/** Takes what a module built, which believes that it built for a browser, for what it is here. */
export const seen = (/** @type {unknown} */ element) => /** @type {Seen} */ (element);

/** Lets what was begun come to its end. */
export const settled = () => new Promise((resolve) => { setImmediate(resolve); });
