import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

const MIB = 1024 * 1024;
const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const BOUNDARY = 'image-gateway-bench-7MA4YWxkTrZu0gW';
/** Noise does not compress: at three bytes a pixel this side makes a PNG of 5 MiB. */
const PNG_SIDE = 1322;

const PROMPT = 'a red fox asleep in fresh snow, flat illustration, soft morning light';

function generation(fields) {
  const body = { model: 'recraft/recraftv4_1', prompt: PROMPT, n: 1, size: '1024x1024', ...fields };
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}

async function edit() {
  const noise = randomBytes(PNG_SIDE * PNG_SIDE * 3);
  const png = await sharp(noise, { raw: { width: PNG_SIDE, height: PNG_SIDE, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const field = (name, value) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="image"; filename="fox.png"\r\ncontent-type: image/png\r\n\r\n`;
  const body = [field('model', 'recraft/recraftv3'), field('prompt', PROMPT), file, png, `\r\n--${BOUNDARY}--\r\n`];
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat(body.map((part) => Buffer.from(part))),
  };
}

/**
 * What is asked of every target. `answerBytes` is the length of the stub's base64 (0: a url answer), `leastBodyBytes`
 * what must reach the stub of every body, `goals` the least shares of another target's requests a second that the
 * gateway is held to.
 */
export const SCENARIOS = [
  {
    name: 'small',
    title: 'small JSON answer',
    path: GENERATIONS,
    connections: 50,
    answerBytes: 0,
    leastBodyBytes: PROMPT.length,
    payload: () => generation({}),
    goals: { plain: 0.4, portkey: 8 },
  },
  {
    name: '1mib',
    title: '1 MiB base64 answer',
    path: GENERATIONS,
    connections: 16,
    answerBytes: MIB,
    leastBodyBytes: PROMPT.length,
    payload: () => generation({ response_format: 'b64_json' }),
    goals: { plain: 0.9 },
  },
  {
    name: '4mib',
    title: '4 MiB base64 answer',
    path: GENERATIONS,
    connections: 16,
    answerBytes: 4 * MIB,
    leastBodyBytes: PROMPT.length,
    payload: () => generation({ response_format: 'b64_json' }),
    goals: { plain: 0.9 },
  },
  {
    name: 'upload',
    title: '5 MiB upload',
    path: EDITS,
    connections: 8,
    answerBytes: 0,
    leastBodyBytes: 5 * MIB,
    payload: edit,
    goals: { plain: 0.5 },
  },
];

/** Writes a scenario's body into `folder`, for the load generator; returns the scenario with that file and its type. */
export async function prepare(scenario, folder) {
  const { contentType, body } = await scenario.payload();
  const bodyFile = path.join(folder, `${scenario.name}.body`);
  await writeFile(bodyFile, body);
  return { ...scenario, contentType, body, bodyFile };
}
