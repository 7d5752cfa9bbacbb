import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Agent } from 'undici';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

/*
 * The gateway fetches nothing that a caller, or Recraft, names: links are passed on as they are. Whatever it did fetch from
 * these addresses would reach the `bait`, look up a name, or open a socket that leads somewhere else than to Recraft.
 */

/** Its first look-up says a public address, the next ones this machine: what a check before a fetch falls for. */
const REBINDING = 'rebinding.test';

/** Ways to write an address of this machine, or of the cloud's metadata service (RFC 3986 §7.4, RFC 4291 §2.5.5). */
const ADDRESSES: readonly (readonly [what: string, url: (port: number) => string])[] = [
  ['plain', (port) => `http://127.0.0.1:${port}/x.png`],
  ['https', (port) => `https://127.0.0.1:${port}/x.png`],
  ['a name', (port) => `http://localhost:${port}/x.png`],
  ['decimal', (port) => `http://2130706433:${port}/x.png`],
  ['octal', (port) => `http://0177.0.0.01:${port}/x.png`],
  ['hexadecimal', (port) => `http://0x7f.0x0.0x0.0x1:${port}/x.png`],
  ['short', (port) => `http://127.1:${port}/x.png`],
  ['of no interface', (port) => `http://0.0.0.0:${port}/x.png`],
  ['IPv6', (port) => `http://[::1]:${port}/x.png`],
  ['IPv6-mapped', (port) => `http://[::ffff:127.0.0.1]:${port}/x.png`],
  ['IPv6-mapped, hexadecimal', (port) => `http://[::ffff:7f00:1]:${port}/x.png`],
  ['behind credentials', (port) => `http://recraft.ai@127.0.0.1:${port}/x.png`],
  ['full-width digits', (port) => `http://１２７.０.０.１:${port}/x.png`],
  ['a name that changes', (port) => `http://${REBINDING}:${port}/x.png`],
  ['a redirect', (port) => `http://127.0.0.1:${port}/redirect`],
];

/** What no fetch would reach here, and no gateway may try. */
const ELSEWHERE = [
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:1/',
];

const PICTURE_FIELDS = [
  'image',
  'image[]',
  'images',
  'image_url',
  'mask',
  'mask_url',
  'file',
  'style_references',
  'image_urls',
];
const FIELDS = [
  ...PICTURE_FIELDS,
  ...['prompt', 'api_base', 'base_url', 'webhook', 'callback_url', 'url', 'style_id', 'style_reference_urls'],
];
/** One for each way that pictures are read. */
const PICTURE_ROUTES = ['generations', 'edits', 'variations', 'inpaint', 'removeBackground'].map(
  (path) => `/v1/images/${path}`,
);
const HEADERS = [
  'host',
  'x-forwarded-host',
  'x-forwarded-for',
  'x-original-url',
  'referer',
  'origin',
  'x-litellm-api-base',
];

jest.setTimeout(30_000);

let bait: Server;
let baitOnSix: Server;
let hasSix = false;
let baitPort: number;
let recraft: Server;
let gateway: RunningGateway;
let right: Readonly<Record<string, unknown>>;
/** POST routes of the published document. */
let routes: readonly string[];
const dispatcher = new Agent({ connections: 32 });

const visits: string[] = [];
const lookUps: string[] = [];
const sockets = new Set<Socket>();
let toRecraft: string[] = [];
/** What Recraft answers next, instead of a picture. */
let answer: ((url: string) => { status: number; headers?: Record<string, string>; body: object }) | undefined;

const realLookup = dns.lookup;

beforeAll(async () => {
  bait = createServer(visit).listen(0, '127.0.0.1');
  recraft = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      toRecraft.push(Buffer.concat(chunks).toString());
      const picture = { image_id: 'a', url: baitUrl('result.png'), b64_json: right['b64'] };
      const { status, headers, body } = answer?.(request.url ?? '') ?? { status: 200, body: { created: 1, credits: 1, data: [picture], image: picture } }; // prettier-ignore
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await Promise.all([once(bait, 'listening'), once(recraft, 'listening')]);
  baitPort = portOf(bait);
  baitOnSix = createServer(visit).listen(baitPort, '::1');
  // Some containers have no IPv6.
  hasSix = await once(baitOnSix, 'listening').then(
    () => true,
    () => false,
  );
  const b64 = (await aPicture()).toString('base64');
  const picture = `data:image/png;base64,${b64}`;
  right = {
    prompt: 'a fox', strength: 0.5, expand_left: 20, similarity: 2, source_image_id: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36',
    colors: [{ hex: '#ffffff' }], num_colors_limit: 1, image_url: picture, mask_url: picture, b64,
  }; // prettier-ignore
  gateway = await startGateway(
    { url: `http://127.0.0.1:${portOf(recraft)}` },
    { NORMALISE_IMAGES: 'true', ALLOW_SECOND_CHARGE: 'true' },
  );
  const document = (await (await gateway.call('/openapi.json')).json()) as { paths: Record<string, object> };
  routes = Object.keys(document.paths)
    .filter((path) => 'post' in (document.paths[path] ?? {}))
    .map((path) => path.replace(/\{\w+\}/, 'recraftv3'));
  dns.lookup = ((name: string, options: unknown, callback: (...result: unknown[]) => void) => {
    lookUps.push(name);
    const address =
      name === REBINDING && lookUps.filter((each) => each === REBINDING).length === 1 ? '192.0.2.1' : '127.0.0.1';
    const all = (options as { all?: boolean }).all === true;
    process.nextTick(callback, null, ...(all ? [[{ address, family: 4 }]] : [address, 4]));
  }) as typeof dns.lookup;
  subscribe('net.client.socket', noteSocket);
}, 30_000);

afterAll(async () => {
  unsubscribe('net.client.socket', noteSocket);
  dns.lookup = realLookup;
  await dispatcher.close();
  await gateway.close();
  bait.close();
  baitOnSix.close();
  recraft.close();
});

beforeEach(() => {
  visits.length = lookUps.length = 0;
  toRecraft = [];
  answer = undefined;
});

function visit(request: IncomingMessage, response: ServerResponse): void {
  visits.push(request.url ?? '');
  response.writeHead(302, { location: baitUrl('again') }).end();
}

function noteSocket(message: unknown): void {
  sockets.add((message as { socket: Socket }).socket);
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const baitUrl = (path: string): string => `http://127.0.0.1:${baitPort}/${path}`;

/** Where sockets of this process lead besides Recraft and the gateway; one that never connected leads to `undefined`. */
function strangePorts(): (number | undefined)[] {
  const known = new Set<number | undefined>([portOf(recraft), Number(new URL(gateway.url).port)]);
  const open = [...sockets].filter((socket) => !socket.destroyed);
  return open.map((socket) => socket.remotePort).filter((port) => !known.has(port));
}

function expectNothingFetched(): void {
  expect({ visits, lookUps, elsewhere: strangePorts() }).toEqual({ visits: [], lookUps: [], elsewhere: [] });
}

async function send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const { statusCode, body: received } = await dispatcher.request({
    origin: gateway.url,
    path,
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await received.dump();
  return statusCode;
}

function originOf(address: string): { origin: string; path: string; method: 'GET' } {
  const { origin, pathname } = new URL(address);
  return { origin, path: pathname, method: 'GET' };
}

/** A value of each shape that a picture may have in JSON. */
const shapesOf = (url: string): unknown[] => [url, [url], [{ image_url: url }]];

describe('The bait', () => {
  it('is reached by whoever fetches these addresses, so that it would show', async () => {
    const naive = new Agent();
    for (const [what, url] of ADDRESSES) {
      visits.length = lookUps.length = 0;
      // The name says its harmless address when it is checked, and the other one when it is fetched.
      if (what === 'a name that changes') dns.lookup(REBINDING, {}, () => undefined);
      const fetched = naive.request(originOf(url(baitPort)));
      await fetched.then(({ body }) => body.dump()).catch(() => undefined);
      // Nobody answers in TLS; that somebody asked shows as a socket.
      const mustReach = what !== 'https' && (what !== 'IPv6' || hasSix);
      expect({ what, reached: visits.length > 0 }).toEqual({ what, reached: mustReach });
    }
    expect(strangePorts()).toContain(baitPort);
    await naive.destroy();
    sockets.clear();
  });
});

describe('An address that a caller names is passed on and never fetched', () => {
  it('on every route, in every field', async () => {
    const address = baitUrl('x.png');
    for (const path of routes) {
      const statuses = await Promise.all(FIELDS.map((field) => send(path, { ...right, [field]: address })));
      for (const status of statuses) expect(status === 503 || status < 500).toBe(true); // 503: there is no database.
    }
    expectNothingFetched();
  }, 15_000);

  it.each(ADDRESSES)('however it is written: %s', async (_, url) => {
    const address = url(baitPort);
    for (const path of PICTURE_ROUTES) {
      const bodies = PICTURE_FIELDS.flatMap((field) =>
        shapesOf(address).map((value) => ({ ...right, [field]: value })),
      );
      await Promise.all(bodies.map((body) => send(path, body)));
    }
    expect(toRecraft.some((body) => body.includes(address))).toBe(true);
    expectNothingFetched();
  });

  it.each(ELSEWHERE)('whatever it leads to: %s', async (address) => {
    for (const path of PICTURE_ROUTES) {
      await Promise.all(PICTURE_FIELDS.map((field) => send(path, { ...right, [field]: address })));
    }
    expectNothingFetched();
  });

  it('in a form', async () => {
    for (const path of PICTURE_ROUTES) {
      for (const field of PICTURE_FIELDS) {
        const form = new FormData();
        form.set('prompt', 'a fox');
        form.set(field, baitUrl('form.png'));
        const response = await gateway.call(path, { method: 'POST', body: form });
        expect(response.status).toBeLessThan(500);
      }
    }
    expectNothingFetched();
  });

  it.each(HEADERS)('in the header %s', async (name) => {
    for (const path of ['/v1/images/generations', '/v1/images/removeBackground']) {
      expect(await send(path, right, { [name]: `127.0.0.1:${baitPort}` })).toBe(200);
    }
    expectNothingFetched();
  });

  it('inside a drawing: entities, pictures, styles and scripts', async () => {
    const drawing = `<?xml version="1.0"?><?xml-stylesheet href="${baitUrl('s.css')}"?><!DOCTYPE svg [<!ENTITY e SYSTEM "${baitUrl('e.xml')}">]>
      <svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><image href="${baitUrl('i.png')}" width="9" height="9"/>
      <style>@import url(${baitUrl('i.css')});</style><script href="${baitUrl('s.js')}"/><use href="${baitUrl('u.svg')}#a"/>&e;</svg>`;
    const image = `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`;
    for (const path of routes) {
      await Promise.all(
        ['image', 'image_url', 'mask', 'mask_url', 'file'].map((field) => send(path, { ...right, [field]: image })),
      );
    }
    expectNothingFetched();
  });
});

describe('An address that Recraft names is passed on and never fetched', () => {
  it('where it redirects', async () => {
    answer = () => ({ status: 302, headers: { location: baitUrl('moved') }, body: {} });
    await expectError(await gateway.post('/v1/images/generations', right), { status: 502, type: 'server_error', code: 'upstream_error' }); // prettier-ignore
    const styles = await gateway.call('/v1/styles');
    expect([styles.status, await styles.json()]).toMatchObject([502, { code: 'upstream_error' }]);
    expectNothingFetched();
  });

  it('as the place of a picture, also where the gateway has to work on its bytes', async () => {
    const picture = { image_id: 'a', url: baitUrl('result.png') };
    answer = () => ({ status: 200, body: { created: 1, credits: 1, data: [picture], image: picture } });
    expect(await send('/v1/images/generations', right)).toBe(200);
    expect(await send('/v1/images/generations', { prompt: 'a fox', output_format: 'jpeg' })).toBe(424);
    await send('/v1/images/edits', { prompt: 'a fox', image: right['image_url'], background: 'transparent' });
    expectNothingFetched();
  });
});
