import { readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

const EDITS = '/v1/images/edits';
const ANSWER = { created: 1, credits: 35, data: [{ url: 'https://example.com/fox' }] };
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"></svg>';

/** A picture of this many bytes. */
const svgOf = (bytes: number) => new Blob([SVG.padEnd(bytes, ' ')]);

function formWith(image: Blob, fields: Record<string, string> = {}): RequestInit {
  const form = new FormData();
  for (const [name, value] of Object.entries({ prompt: SECRET_PROMPT, ...fields })) form.set(name, value);
  form.set('image', image, 'source');
  return { method: 'POST', body: form };
}

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(() => sandbox.close());

describe('The bytes of all uploads together', () => {
  const LIMITS = { MAX_UPLOAD_BYTES_IN_FLIGHT: '300000', MAX_IMAGE_BYTES: '250000', LOG_LEVEL: 'info' };

  it('are bounded: what is too much for now may come back', async () => {
    await using gateway = await startGateway(sandbox, LIMITS);
    sandbox.fault({ delayMs: 60_000 });
    const first = new AbortController();
    const held = gateway.call(EDITS, { ...formWith(svgOf(200_000)), signal: first.signal });
    await sandbox.nextRequest();

    const second = await gateway.call(EDITS, formWith(svgOf(200_000)));
    expect(second.headers.get('retry-after')).toBe('2');
    await expectError(second, { status: 503, type: 'service_unavailable_error', code: 'server_is_overloaded' });

    first.abort();
    await expect(held).rejects.toMatchObject({ name: 'AbortError' });
    await gateway.logged('cut off');
    sandbox.fault({ body: ANSWER });
    expect((await gateway.call(EDITS, formWith(svgOf(200_000)))).status).toBe(200);
  });

  it('are never enough for one that is larger than all', async () => {
    await using gateway = await startGateway(sandbox, LIMITS);
    const response = await gateway.call(EDITS, formWith(svgOf(240_000), { negative_prompt: 'x'.repeat(100_000) }));
    expect(response.headers.has('retry-after')).toBe(false);
    await expectError(response, { status: 413, code: 'request_too_large' });
  });
});

describe('The temporary file of an upload', () => {
  /** Enough for more than one write to the disk. */
  const BYTES = 1_500_000;
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway(sandbox, {
      UPLOAD_MEMORY_BYTES: '0',
      MAX_IMAGE_BYTES: '2000000',
      LOG_LEVEL: 'info',
    });
  });

  afterAll(() => gateway.close());

  /** Temporary files that this process has open, as Linux tells them: one without a name is "(deleted)". */
  async function openFiles(): Promise<string[]> {
    const descriptors = await readdir('/proc/self/fd');
    const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return paths.filter((path) => path.startsWith(join(tmpdir(), 'image-gateway-')));
  }

  async function expectNothingLeft(): Promise<void> {
    while ((await openFiles()).length > 0) await setImmediate();
  }

  it('is there while the request is, without a name', async () => {
    sandbox.fault({ delayMs: 60_000 });
    const caller = new AbortController();
    const answer = gateway.call(EDITS, { ...formWith(svgOf(BYTES)), signal: caller.signal });
    const { fields } = await sandbox.nextRequest();
    expect(fields['image']).toMatchObject({ bytes: BYTES });
    expect(await openFiles()).toEqual([expect.stringMatching(/ \(deleted\)$/)]);
    caller.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await expectNothingLeft();
  });

  it.each([
    ['a success', { body: ANSWER }, {}, 200],
    ['a refusal of Recraft’s', { status: 400 }, {}, 400],
    ['a broken connection', { dropBeforeHeaders: true }, {}, 502],
    ['a refusal of the gateway’s', {}, { n: '7' }, 400],
    ['a field that cannot be read', {}, { controls: '{' }, 400],
  ])('is gone after %s', async (_, fault, fields, status) => {
    sandbox.fault(fault);
    const response = await gateway.call(EDITS, formWith(svgOf(BYTES), fields));
    expect({ status: response.status, body: await response.text() }).toMatchObject({ status });
    await expectNothingLeft();
  });

  it('is gone after a picture that is too large', async () => {
    const response = await gateway.call(EDITS, formWith(svgOf(2_000_001)));
    await expectError(response, { status: 413, code: 'request_too_large', param: 'image' });
    await expectNothingLeft();
  });

  it('is gone after a caller that left while it sent', async () => {
    const head = [
      `POST ${EDITS} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${gateway.key}`,
      'content-type: multipart/form-data; boundary=b',
      'x-litellm-call-id: leaver',
      'content-length: 2000000',
    ];
    const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="source"\r\n\r\n';
    const client = await RawClient.connect(gateway.url);
    client.send(`${head.join('\r\n')}\r\n\r\n${part}${SVG.padEnd(BYTES, ' ')}`);
    while ((await openFiles()).length === 0) await setImmediate();
    client.leave();
    expect(await gateway.logged('"callId":"leaver"')).toMatchObject({ status: 499, outcome: 'cut off' });
    await expectNothingLeft();
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('A picture that goes on and on', () => {
  it('is refused while it is being sent', async () => {
    await using gateway = await startGateway(sandbox, { MAX_IMAGE_BYTES: '100000' });
    const head = '--b\r\ncontent-disposition: form-data; name="image"; filename="source"\r\n\r\n';
    let isFirst = true;
    const endless = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(isFirst ? Buffer.from(head) : new Uint8Array(65_536));
        isFirst = false;
      },
    });
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const init = { method: 'POST', body: endless, headers, duplex: 'half' } as RequestInit;
    const expected = { status: 413, code: 'request_too_large', param: 'image' };
    await expectError(await gateway.call(EDITS, init), expected);
  });
});
