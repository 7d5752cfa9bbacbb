/**
 * A Recraft that costs nearly nothing: every request gets the same answer, made beforehand.
 *
 * Parameter: `{ base64Bytes }`, the size of the answer. Says `{ url, sha256 }`, the digest being the answer's.
 * Messages: `{ together }` (answers are held until so many requests have arrived whole, and then all leave at once; 1)
 * and `{ delayMs }` (0).
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { answer, png, sha256 } from './canned.mjs';
import { serve } from './program.mjs';

const body = answer(JSON.parse(process.argv[2]).base64Bytes);
const picture = await png();
const pictureDigest = sha256(picture);

let together = 1;
let delayMs = 0;
/** Answers that are held. */
const waiting = new Set();

const server = createServer(async (request, response) => {
  const fault = await readWhole(request);
  if (fault) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: 'invalid_request', message: fault }));
    return;
  }
  waiting.add(response);
  response.once('close', () => waiting.delete(response));
  if (waiting.size < together) return;
  for (const each of waiting) setTimeout(draw, delayMs, each);
  waiting.clear();
});
// A connection that closes between two rounds would cost a request.
server.keepAliveTimeout = 300_000;

function draw(response) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

/** Reads a request to its end, keeping nothing; tells what is wrong with the picture in it, if it has one. */
async function readWhole(request) {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(request.headers['content-type'])?.[1];
  // The picture is the form's last part: how far it is from the end is known before it comes.
  const end = Number(request.headers['content-length']) - `\r\n--${boundary}--\r\n`.length;
  const start = end - picture.length;
  const hash = createHash('sha256');
  let at = 0;
  for await (const chunk of request) {
    if (boundary) hash.update(chunk.subarray(Math.max(0, start - at), Math.max(0, end - at)));
    at += chunk.length;
  }
  return boundary && hash.digest('hex') !== pictureDigest ? 'The picture is not the one that was sent.' : undefined;
}

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  serve({ url, sha256: sha256(body) }, (settings) => {
    together = settings.together ?? together;
    delayMs = settings.delayMs ?? delayMs;
  });
});
