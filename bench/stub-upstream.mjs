/**
 * A Recraft that answers at once with a canned body, so that what is measured is the gateway and not the upstream.
 *
 * Environment: PORT; STUB_ANSWER_BYTES (length of the base64 answer; 0: a url answer); STUB_LEAST_BODY_BYTES (a smaller
 * body gets a 400, so that a target that loses uploads is found out; 0); STUB_DELAY_MS (0).
 * `GET /__count` tells how many image requests were answered.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const IMAGE_PATHS = new Set(['/v1/images/generations', '/v1/images/imageToImage', '/v1/images/edits']);
const IMAGE_ID = '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36';

const leastBodyBytes = Number(process.env.STUB_LEAST_BODY_BYTES ?? 0);
const delayMs = Number(process.env.STUB_DELAY_MS ?? 0);
const answer = cannedAnswer(Number(process.env.STUB_ANSWER_BYTES ?? 0));
const headers = { 'content-type': 'application/json', 'content-length': answer.length };
/** What each connection had received when its last request ended. */
const receivedBefore = new WeakMap();
let answered = 0;

/** The shape of recraft-api.md §4: `created`, `credits` and one picture, as a link or as base64 of exactly that length. */
function cannedAnswer(base64Bytes) {
  const picture =
    base64Bytes > 0
      ? { image_id: IMAGE_ID, b64_json: randomBytes(base64Bytes).toString('base64').slice(0, base64Bytes) }
      : { image_id: IMAGE_ID, url: `https://img.recraft.ai/${'s'.repeat(43)}/raw:1/${IMAGE_ID}` };
  return Buffer.from(JSON.stringify({ created: 1_763_800_000, credits: 35, data: [picture] }));
}

/** Whether the request brought enough: counted at its connection, head included, which costs nothing per chunk. */
function isWhole({ socket }) {
  const received = socket.bytesRead - (receivedBefore.get(socket) ?? 0);
  receivedBefore.set(socket, socket.bytesRead);
  return received >= leastBodyBytes;
}

function refuse(res, status, text) {
  res.writeHead(status, { 'content-type': 'text/plain' });
  res.end(text);
}

function draw(res) {
  answered += 1;
  res.writeHead(200, headers);
  res.end(answer);
}

const server = createServer((req, res) => {
  if (req.url === '/__count') {
    res.end(String(answered));
    return;
  }
  if (req.method !== 'POST' || !IMAGE_PATHS.has(req.url)) {
    refuse(res, 404, '404 page not found');
    return;
  }
  req.resume();
  req.once('end', () => {
    if (!isWhole(req)) refuse(res, 400, 'the body is incomplete');
    else if (delayMs > 0) setTimeout(draw, delayMs, res);
    else draw(res);
  });
});

// Longer than any run: a connection that closes between two requests would count as the target's error.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
