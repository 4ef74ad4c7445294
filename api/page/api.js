// Talks to /api/v1 on this host. The session is a cookie that this script cannot read.

/** @import { Problem as Document, UploadBody } from './service.js' */
/** @typedef {{body?: object, etag?: string | null, wait?: number, signal?: AbortSignal}} Options */

const BASE = '/api/v1';

/** What went wrong, as the service's problem document (RFC 9457) tells it. */
export class Problem extends Error {
  /** @param {number} status @param {Partial<Document>} body */
  constructor(status, body) {
    super(body.detail || body.title || `The service answered with status ${status}.`);
    this.status = status;
    this.errors = body.errors ?? [];
    this.facts = body;
  }
}

const unreachable = () => new Problem(0, { detail: 'The service does not answer. Is the connection up?' });

/**
 * Sends a request; gives the body, with the version of the resource as `etag`.
 * @param {string} method @param {string} path a path below /api/v1
 * @param {Options} [options]
 */
export async function call(method, path, { body, etag, wait, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (etag) headers['if-match'] = etag;
  if (wait) headers.prefer = `wait=${wait}`;
  const response = await fetch(BASE + path, { method, headers, signal, body: body && JSON.stringify(body) })
    .catch((error) => { throw error.name === 'AbortError' ? error : unreachable(); });
  const content = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw refused(response.status, content);
  return { body: content, etag: response.headers.get('etag') };
}

/** Reads a resource. @param {string} path @param {Options} [options] */
export const get = async (path, options) => (await call('GET', path, options)).body;

/**
 * Reads every page of a list that is short by nature, such as a company's stores.
 * @param {string} path @param {Options} [options]
 */
export async function all(path, options) {
  const items = [];
  for (let cursor; cursor !== null;) {
    const page = await get(`${path}?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, options);
    items.push(...page.items);
    cursor = page.next ?? null;
  }
  return items;
}

/**
 * Uploads a file. XMLHttpRequest, because fetch does not tell how much was sent.
 * @param {string} path @param {File} file @param {(part: number) => void} onProgress
 * @returns {Promise<UploadBody>}
 */
export function upload(path, file, onProgress) {
  const { promise, resolve, reject } = settler();
  const request = new XMLHttpRequest();
  request.responseType = 'json';
  request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
  request.onerror = () => reject(unreachable());
  request.onload = () => {
    const content = request.response ?? {};
    if (request.status < 300) resolve(content);
    else reject(refused(request.status, content));
  };
  const form = new FormData();
  form.append('file', file);
  request.open('POST', BASE + path);
  request.send(form);
  return promise;
}

/** Waits, or ends with the view that waits. @param {number} milliseconds @param {AbortSignal} [signal] */
export function pause(milliseconds, signal) {
  const { promise, resolve, reject } = settler();
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  return promise;
}

function settler() {
  /** @type {(value?: any) => void} */
  let resolve = () => {};
  /** @type {(reason: unknown) => void} */
  let reject = () => {};
  /** @type {Promise<any>} */
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
}

/** @param {number} status @param {Partial<Document>} content */
function refused(status, content) {
  const problem = new Problem(status, content);
  // A wrong password is the form's matter; any other 401 means that the session is over.
  if (status === 401 && !String(content.type).endsWith('wrong-credentials')) dispatchEvent(new Event('signed-out'));
  return problem;
}
