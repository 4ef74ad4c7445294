// A stand-in for the network and the window: answers what a test laid ready, and remembers what it was asked.

const window = new EventTarget();
globalThis.addEventListener = window.addEventListener.bind(window);
globalThis.dispatchEvent = window.dispatchEvent.bind(window);

/** Counts how often the page was told that the session is over, from now on. */
export function signedOutCount() {
  let count = 0;
  window.addEventListener('signed-out', () => { count += 1; });
  return () => count;
}

/** @typedef {{path: string, headers: Record<string, string>, body?: unknown} & Pick<RequestInit, 'method' | 'signal'>} Sent */

/**
 * Lets `fetch` give these answers one after the other; an Error is thrown. Gives the list of requests that came.
 * @param {...(Error | {status?: number, body?: unknown, text?: string, headers?: Record<string, string>})} answers
 */
export function answering(...answers) {
  /** @type {Sent[]} */
  const requests = [];
  globalThis.fetch = async (path, options = {}) => {
    const headers = /** @type {Record<string, string>} */ (options.headers);
    const body = typeof options.body === 'string' ? JSON.parse(options.body) : undefined;
    requests.push({ method: options.method, path: String(path), headers, body, signal: options.signal });
    const answer = answers.shift();
    if (!answer) throw new Error(`nobody expected ${options.method} ${path}`);
    if (answer instanceof Error) throw answer;
    const text = answer.text ?? JSON.stringify(answer.body ?? {});
    const { status = 200 } = answer;
    return new Response(status === 204 ? null : text, { status, headers: answer.headers });
  };
  return requests;
}

/** An XMLHttpRequest that a test moves on by hand; the newest one is `XMLHttpRequestByHand.last`. */
export class XMLHttpRequestByHand {
  /** @type {XMLHttpRequestByHand} */
  static last;
  upload = { onprogress: (/** @type {{loaded: number, total: number}} */ _) => {} };
  onload = () => {};
  onerror = () => {};
  status = 0;
  /** @type {unknown} */
  response = null;
  /** @type {FormData | undefined} */
  sent;
  method = '';
  path = '';

  /** @param {string} method @param {string} path */
  open(method, path) {
    Object.assign(this, { method, path });
    XMLHttpRequestByHand.last = this;
  }

  /** @param {FormData} form */
  send(form) { this.sent = form; }

  /** @param {number} status @param {unknown} response */
  answer(status, response) {
    Object.assign(this, { status, response });
    this.onload();
  }
}
