// Watches what a page does behind its looks: errors in the console, requests to other hosts, requests that fail.

/**
 * Collects what is wrong with a page from now on, but for the refusals that are expected, as in `401 GET /users/me`.
 * @param {import('playwright-core').Page} page @param {string} origin @param {RegExp[]} expected
 */
export function witness(page, origin, expected) {
  /** @type {string[]} */
  const wrong = [];
  const isExpected = (/** @type {string} */ text) => expected.some((pattern) => pattern.test(text));
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack}`));
  page.on('console', (message) => {
    // The console's word for a refused request, which is looked at below.
    const isRefusal = message.text().startsWith('Failed to load resource: the server responded with a status of');
    if (['error', 'warning'].includes(message.type()) && !isRefusal) wrong.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'data:' && asked !== origin) wrong.push(`another host: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // A view that is left takes its requests with it, the bell its stream.
    if (reason !== 'net::ERR_ABORTED') wrong.push(`failed: ${request.method()} ${request.url()} ${reason}`);
  });
  page.on('response', (response) => {
    const text = `${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`;
    if (response.status() >= 400 && !isExpected(text)) wrong.push(`refused: ${text}`);
  });
  return wrong;
}
