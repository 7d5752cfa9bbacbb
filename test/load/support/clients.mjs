/**
 * Many clients at once, each with a connection of its own.
 *
 * Parameter: `{ url, key }` of the gateway.
 * Message: `{ count, send: 'generation' | 'upload', base64, restMs }`, where `base64` asks for the picture itself and
 * `restMs` makes slow readers, who rest so long after each 64 KiB. The answer says how many clients had which outcome:
 * `[{ status, sha256, clients }]`, or `[{ error, clients }]` where there was no whole answer.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as rest } from 'node:timers/promises';
import { png } from './canned.mjs';
import { serve } from './program.mjs';

const PATIENCE_MS = 60_000;
const MOUTHFUL_BYTES = 64 * 1024;
const BOUNDARY = 'test-load-7MA4YWxkTrZu0gW';

const { url, key } = JSON.parse(process.argv[2]);
const upload = await form({ model: 'recraft/recraftv3', prompt: 'a fox in the snow' }, await png());

async function form(fields, picture) {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="image"; filename="fox.png"\r\n\r\n`;
  return Buffer.concat([Buffer.from(texts.join('') + file), picture, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

function payload({ send, base64 }) {
  if (send === 'upload') {
    return { path: '/v1/images/edits', type: `multipart/form-data; boundary=${BOUNDARY}`, body: upload };
  }
  const fields = { model: 'recraft/recraftv3', prompt: 'a fox', ...(base64 && { response_format: 'b64_json' }) };
  return { path: '/v1/images/generations', type: 'application/json', body: Buffer.from(JSON.stringify(fields)) };
}

/** Asks for one picture and reads the answer to its end. */
async function askOnce({ path, type, body }, { agent, restMs = 0 }) {
  const asking = request(url + path, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${key}`, 'content-type': type, 'content-length': body.length },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  asking.end(body);
  const [response] = await once(asking, 'response');
  const hash = createHash('sha256');
  let unrested = 0;
  for await (const chunk of response) {
    hash.update(chunk);
    unrested += chunk.length;
    for (; restMs > 0 && unrested >= MOUTHFUL_BYTES; unrested -= MOUTHFUL_BYTES) await rest(restMs);
  }
  return { status: response.statusCode, sha256: hash.digest('hex') };
}

async function askAtOnce({ count, ...wanted }) {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const clients = Array.from({ length: count }, () =>
    askOnce(payload(wanted), { agent, restMs: wanted.restMs }).catch((error) => ({ error: error.message })),
  );
  const outcomes = (await Promise.all(clients)).map((outcome) => JSON.stringify(outcome));
  agent.destroy();
  const alike = Object.entries(Object.groupBy(outcomes, (outcome) => outcome));
  return alike.map(([outcome, { length }]) => ({ ...JSON.parse(outcome), clients: length }));
}

serve({}, askAtOnce);
