// What the page asks the service, and what it makes of the answers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { XMLHttpRequestByHand, answering, signedOutCount } from './network.js';
import { Problem, all, call, get, pause, upload } from '../api.js';

describe('a request', () => {
  test('goes to this host, asks for JSON and carries no body when there is none', async () => {
    const requests = answering({ body: { id: 7 } });
    assert.deepEqual(await get('/users/me'), { id: 7 });
    const [{ method, path, headers, body }] = requests;
    assert.deepEqual([method, path, body], ['GET', '/api/v1/users/me', undefined]);
    assert.deepEqual(headers, { accept: 'application/json' });
  });

  test('says what it sends, which version it changes and how long it waits', async () => {
    const requests = answering({ body: {}, headers: { etag: '"4"' } });
    const answer = await call('PUT', '/x', { body: { role: 'owner' }, etag: '"3"', wait: 30 });
    assert.equal(answer.etag, '"4"');
    assert.deepEqual(requests[0].headers,
      { accept: 'application/json', 'content-type': 'application/json', 'if-match': '"3"', prefer: 'wait=30' });
    assert.deepEqual(requests[0].body, { role: 'owner' });
  });

  test('is content with an answer that has no content', async () => {
    answering({ status: 204 });
    assert.deepEqual(await call('DELETE', '/x'), { body: {}, etag: null });
  });

  test('ends with the view that asked', async () => {
    const leaving = new AbortController();
    const requests = answering(new DOMException('left', 'AbortError'));
    await assert.rejects(get('/x', { signal: leaving.signal }), { name: 'AbortError' });
    assert.equal(requests[0].signal, leaving.signal);
  });
});

describe('a refusal', () => {
  test('tells what the problem document tells', async () => {
    const errors = [{ pointer: '/email', detail: 'is no address' }];
    const body = { type: '/problems/invalid', title: 'Invalid', detail: 'One field is wrong.', errors };
    answering({ status: 422, body });
    const problem = await refusal(get('/x'));
    assert.deepEqual([problem.status, problem.message, problem.errors], [422, 'One field is wrong.', errors]);
    assert.equal(problem.facts.type, '/problems/invalid');
  });

  test('has words also where the document has none', async () => {
    answering({ status: 409, body: { title: 'Conflict' } }, { status: 502, text: '<html>Bad gateway</html>' });
    assert.equal((await refusal(get('/x'))).message, 'Conflict');
    const problem = await refusal(get('/x'));
    assert.deepEqual([problem.message, problem.errors], ['The service answered with status 502.', []]);
  });

  test('by nobody, because the service does not answer, is a problem too', async () => {
    answering(new TypeError('Failed to fetch'));
    const problem = await refusal(get('/x'));
    assert.deepEqual([problem.status, problem.message], [0, 'The service does not answer. Is the connection up?']);
  });

  test('of the session signs out, that of a password does not', async () => {
    const signedOut = signedOutCount();
    answering({ status: 401, body: { type: '/problems/wrong-credentials' } }, { status: 403 }, { status: 401 });
    await refusal(call('POST', '/sessions/page', { body: {} }));
    await refusal(get('/x'));
    assert.equal(signedOut(), 0);
    assert.equal((await refusal(get('/x'))).status, 401);
    assert.equal(signedOut(), 1);
  });
});

describe('a list', () => {
  test('is read page by page until there is no next one', async () => {
    const requests = answering(
      { body: { items: [1, 2], next: 'a+b/=' } },
      { body: { items: [], next: 'c' } },
      { body: { items: [3], next: null } });
    assert.deepEqual(await all('/stores'), [1, 2, 3]);
    assert.deepEqual(requests.map(({ path }) => path), ['/api/v1/stores?limit=200',
      '/api/v1/stores?limit=200&cursor=a%2Bb%2F%3D', '/api/v1/stores?limit=200&cursor=c']);
  });

  test('is not given in part', async () => {
    answering({ body: { items: [1], next: 'a' } }, { status: 503, body: { detail: 'Away.' } });
    assert.equal((await refusal(all('/stores'))).message, 'Away.');
  });
});

describe('an upload', () => {
  Object.assign(globalThis, { XMLHttpRequest: XMLHttpRequestByHand });
  const file = new File(['a,b\n'], 'sales.csv');

  test('sends the file as a form and tells how much was sent', async () => {
    /** @type {number[]} */
    const parts = [];
    const sending = upload('/uploads', file, (/** @type {number} */ part) => parts.push(part));
    const request = XMLHttpRequestByHand.last;
    assert.deepEqual([request.method, request.path], ['POST', '/api/v1/uploads']);
    assert.equal(/** @type {File} */ (request.sent?.get('file')).name, 'sales.csv');
    request.upload.onprogress({ loaded: 1, total: 4 });
    request.answer(202, { id: 'u1' });
    assert.deepEqual(await sending, { id: 'u1' });
    assert.deepEqual(parts, [0.25]);
  });

  test('that is refused ends with the problem', async () => {
    const sending = upload('/uploads', file, () => {});
    XMLHttpRequestByHand.last.answer(409, { detail: 'Known.', upload_id: 'u1' });
    assert.equal((await refusal(sending)).facts.upload_id, 'u1');
    const empty = upload('/uploads', file, () => {});
    XMLHttpRequestByHand.last.answer(500, null);
    assert.equal((await refusal(empty)).message, 'The service answered with status 500.');
  });

  test('that breaks off says that the service does not answer', async () => {
    const sending = upload('/uploads', file, () => {});
    XMLHttpRequestByHand.last.onerror();
    assert.equal((await refusal(sending)).status, 0);
  });
});

describe('a pause', () => {
  test('takes its time', async () => {
    const begin = performance.now();
    await pause(20, undefined);
    assert(performance.now() - begin > 15);
  });

  test('ends with the view that waits', async () => {
    const leaving = new AbortController();
    const waiting = pause(60_000, leaving.signal);
    leaving.abort(new Error('left'));
    await assert.rejects(waiting, { message: 'left' });
  });
});

/** The problem that some work ends with. @param {Promise<unknown>} work @returns {Promise<Problem>} */
async function refusal(work) {
  const problem = await work.then(() => assert.fail('it was not refused'), (/** @type {unknown} */ error) => error);
  assert(problem instanceof Problem, String(problem));
  return problem;
}
