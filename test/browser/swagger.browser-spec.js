import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { createApp } from '../../dist/app.setup.js';
import { readSettings } from '../../dist/config/read-settings.js';
import { Sandbox } from '../../dist/sandbox/sandbox.js';

const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium';
const isRequired = process.env.BROWSER_TESTS === 'required';
const isThere = existsSync(executablePath);
if (!isThere && !isRequired) {
  process.stderr.write(`Browser tests skipped: there is no ${executablePath} (name another one in CHROMIUM_PATH).\n`);
}
const describeInBrowser = isThere || isRequired ? describe : describe.skip;

/** A name that is not the loopback's: pages behave differently there, and some of it only shows elsewhere. */
const HOST = 'gateway.test';
const KEY = 'sk-1234';

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  `--host-resolver-rules=MAP ${HOST} 127.0.0.1`,
];

jest.setTimeout(60_000);

describeInBrowser('Swagger UI', () => {
  let sandbox;
  let folder;
  let app;
  let port;
  let browser;
  let page;
  let troubles;

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 1_000 });
    folder = await mkdtemp(join(tmpdir(), 'image-gateway-browser-'));
    app = await createApp(
      readSettings({
        RECRAFT_API_KEY: 'test',
        RECRAFT_API_BASE: sandbox.url,
        MASTER_KEY: KEY,
        DATA_DIR: folder,
        LOG_LEVEL: 'silent',
      }),
    );
    await app.listen(0, '127.0.0.1');
    port = app.getHttpServer().address().port;
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await sandbox?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function openPage() {
    page = await browser.newPage();
    troubles = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
    page.on('requestfailed', (request) => troubles.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== 'data:' && hostname !== HOST) troubles.push(`asked outside: ${request.url()}`);
    });
  }

  /** Nothing on the console, nothing that failed, nothing asked of anybody else. */
  const expectQuiet = () => {
    expect(troubles).toEqual([]);
  };

  async function authorize() {
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.locator('.auth-container input').fill(KEY);
    await page.locator('.auth-btn-wrapper .authorize').click();
    await page.locator('.auth-btn-wrapper .btn-done').click();
  }

  async function open(operationId) {
    const operation = page.locator(`[id^="operations-"][id$="-${operationId}"]`);
    await operation.locator('.opblock-summary-control').click();
    return operation;
  }

  /** Presses Execute; gives the status and the body as the page shows them. */
  async function execute(operation) {
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response');
    return {
      status: await answer.locator('.response-col_status').innerText(),
      body: JSON.parse(await answer.locator('.highlight-code code').first().innerText()),
    };
  }

  describe('on a page of its own', () => {
    beforeEach(openPage);
    afterEach(() => page.close());

    it('is where / leads to, and makes the example picture for whoever has a key', async () => {
      await page.goto(`http://${HOST}:${port}/`);
      expect(new URL(page.url()).pathname).toBe('/docs');
      await authorize();
      const generation = await open('createImage');

      const { status, body } = await execute(generation);

      expect(status).toBe('200');
      expect(body.data).toHaveLength(1);
      expectQuiet();
    });

    it('makes a key with the example that is there, and shows it in the group Keys', async () => {
      await page.goto(`http://${HOST}:${port}/docs`);
      await authorize();
      await page.locator('#operations-tag-Keys').scrollIntoViewIfNeeded();

      const { status, body } = await execute(await open('generateKey'));

      expect(status).toBe('200');
      expect(body).toMatchObject({ key_alias: 'web-shop', max_budget: 25, rpm_limit: 60, spend: 0 });
      expect(body.key).toMatch(/^sk-[\w-]{43}$/);
      expectQuiet();
    });

    it('makes a team with the example that is there, in the group Teams', async () => {
      await page.goto(`http://${HOST}:${port}/docs`);
      await authorize();
      await page.locator('#operations-tag-Teams').scrollIntoViewIfNeeded();

      const { status, body } = await execute(await open('createTeam'));

      expect(status).toBe('200');
      expect(body).toMatchObject({ team_id: 'design', max_budget: 200, max_parallel_requests: 10, spend: 0 });
      expectQuiet();
    });

    it('shows the error of a request without a key', async () => {
      await page.goto(`http://${HOST}:${port}/docs`);
      const generation = await open('createImage');

      const { status, body } = await execute(generation);

      expect(status).toBe('401');
      expect(body.error.code).toBe('missing_api_key');
      // The browser itself reports every answer of that kind on its console.
      expect(troubles).toEqual([expect.stringContaining('401')]);
    });

    it('fills the body with the example that is chosen', async () => {
      await page.goto(`http://${HOST}:${port}/docs`);
      await authorize();
      const generation = await open('createImage');
      await generation.locator('.examples-select-element').first().selectOption('colors');

      expect((await execute(generation)).status).toBe('200');
      expect(sandbox.requests().at(-1).fields.controls.background_color).toEqual({ rgb: [245, 240, 230] });
      expectQuiet();
    });

    it('changes an uploaded picture; fields left empty are not sent on', async () => {
      await page.goto(`http://${HOST}:${port}/docs`);
      await authorize();
      const edit = await open('createImageEdit');
      await edit
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: await aPng() });
      await edit.getByPlaceholder('controls').fill('{"colors": [{"rgb": [0, 71, 171]}]}');

      const { status, body } = await execute(edit);

      expect(status).toBe('200');
      expect(body.data).toHaveLength(1);
      const { fields } = sandbox.requests().at(-1);
      expect(fields).toMatchObject({ strength: 0.5, controls: { colors: [{ rgb: [0, 71, 171] }] } });
      expect(Object.values(fields)).not.toContain('');
      expect(fields).not.toHaveProperty('style');
      expectQuiet();
    });

    it('makes pictures behind a proxy that serves the gateway under a prefix', async () => {
      await using proxy = await aProxy('/gw', port);
      await page.goto(`http://${HOST}:${proxy.port}/gw/`);
      expect(new URL(page.url()).pathname).toBe('/gw/docs');
      await authorize();
      const generation = await open('createImage');

      expect((await execute(generation)).status).toBe('200');

      const edit = await open('createImageEdit');
      await edit
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: await aPng() });

      expect((await execute(edit)).status).toBe('200');
      expectQuiet();
    });
  });

  describe('on a page that stays open', () => {
    beforeAll(async () => {
      await openPage();
      await page.goto(`http://${HOST}:${port}/docs`);
      await authorize();
    });
    afterAll(() => page.close());

    it.each([
      ['Images: OpenAI dialect', 'createImageVariation'],
      ['Images: Recraft dialect', 'removeBackground'],
      ['Images: Recraft dialect', 'vectorize'],
      ['Styles', 'createStyle'],
    ])('takes a picture in the group %s: %s', async (group, operationId) => {
      const operation = await open(operationId);
      expect(await operation.getAttribute('id')).toContain(group.split(': ').at(-1).replaceAll(' ', '_'));
      await operation
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: await aPng() });

      const { status, body } = await execute(operation);

      expect({ status, error: body.error }).toEqual({ status: '200', error: undefined });
      expectQuiet();
    });

    it.each([
      ['Styles', 'listBasicStyles', 'styles'],
      ['Account', 'readAccount', 'credits'],
      ['Models', 'listModels', 'data'],
      ['Health', 'checkReadiness', 'status'],
    ])('answers in the group %s: %s', async (group, operationId, member) => {
      const operation = await open(operationId);
      expect(await operation.getAttribute('id')).toContain(group);

      const { status, body } = await execute(operation);

      expect(status).toBe('200');
      expect(body).toHaveProperty(member);
      expectQuiet();
    });
  });
});

const aPng = () =>
  sharp({ create: { width: 300, height: 300, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();

/** Takes a prefix off every path, says so in X-Forwarded-Prefix, and has nothing to offer elsewhere. */
async function aProxy(prefix, port) {
  const server = createServer((request, response) => {
    if (!request.url.startsWith(`${prefix}/`)) return response.writeHead(404).end();
    const outgoing = forward(
      {
        ...{ host: '127.0.0.1', port, method: request.method, path: request.url.slice(prefix.length) },
        headers: { ...request.headers, 'x-forwarded-prefix': prefix },
      },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(outgoing);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
