import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';

/** Requests of a day in a minute or two: more than the account takes, then less, with some trouble in between. */
export async function loadFor(ms, { gateway, sandbox, masterKey }) {
  const shop = await keyFor({ key_alias: 'shop', max_budget: 2 });
  const begin = Date.now();
  const under = [];
  await post(`${sandbox}/__sandbox/faults`, [...trouble(), { status: 429 }]);
  for (let n = 0; Date.now() - begin < ms; n++) {
    const share = (Date.now() - begin) / ms;
    under.push(ask(n, share));
    // Two waves, their crests above the five requests a second that an account takes.
    await sleep(1000 / (4 + 3 * Math.sin(share * 4 * Math.PI)));
  }
  await Promise.all(under);

  async function keyFor(fields) {
    return (await (await post(`${gateway}/key/generate`, fields, masterKey)).json()).key;
  }

  async function ask(n, share) {
    const key = n % 3 === 0 ? shop : masterKey;
    const models = ['recraft/recraftv3', 'recraft/recraftv4_1_flash', 'recraft/recraftv3_vector'];
    const body = { prompt: 'a lighthouse', model: models[n % models.length], ...(n % 4 === 0 && { quality: 'hd' }) };
    const response = n % 9 === 8 ? await edit(masterKey) : await post(`${gateway}/v1/images/generations`, body, key);
    await response.arrayBuffer();
    if (n % 25 === 0) await fetch(`${gateway}/health`).then((answer) => answer.arrayBuffer());
    if (n % 40 === 39 && share < 0.9) await post(`${sandbox}/__sandbox/faults`, trouble());
  }

  function edit(key) {
    const form = new FormData();
    form.set('prompt', 'a lighthouse at night');
    form.set('model', 'recraft/recraftv3');
    form.set('image', new Blob([PICTURE]), 'lighthouse.png');
    return fetch(`${gateway}/v1/images/vectorize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: form,
    });
  }
}

/** A photo of a size that an upload is counted for. */
const noise = { type: 'gaussian', mean: 128, sigma: 30 };
const PICTURE = await sharp({ create: { width: 512, height: 512, channels: 3, noise } })
  .png()
  .toBuffer();

function trouble() {
  return [{ status: 503 }, { status: 500 }].map((fault) => ({
    path: '/v1/images/generations',
    ...fault,
  }));
}

function post(url, body, key) {
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}
