import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TextDecoderStream } from 'node:stream/web';
import { freePort, imageConfig, runContainer, startContainer } from './support/container.mjs';

const inImage = (path) => join(process.env.IMAGE_ROOT, path);

describe('The image', () => {
  it('runs Node itself as a user with a number, says how it is healthy, and what it is', () => {
    expect(imageConfig()).toMatchObject({
      User: '1000:1000',
      WorkingDir: '/app',
      Cmd: ['node', '--enable-source-maps', '--max-semi-space-size=16', 'dist/main.js'],
      ExposedPorts: { '4000/tcp': {} },
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['CMD', 'node', '-e', expect.stringContaining('/health/liveliness')] },
      Labels: {
        'org.opencontainers.image.title': 'image-gateway',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.version': '0.1.0',
        'org.opencontainers.image.revision': 'test',
        'org.opencontainers.image.base.name': expect.stringContaining('node'),
      },
    });
    expect(imageConfig().Env).toContain('NODE_ENV=production');
  });

  it('has the build and the packages it runs with, and nothing else', async () => {
    expect((await readdir(inImage('/app'))).sort()).toEqual(['dist', 'node_modules', 'package.json', 'sbom.cdx.json']);
    const packages = await lockedPackages();
    const names = (wanted) => packages.filter(wanted).map(({ path }) => path);

    expect(names(({ isInstalled, dev, devOptional }) => isInstalled && (dev || devOptional))).toEqual([]);
    expect(
      names(
        ({ isInstalled, dev, devOptional, optional, peer }) => !(isInstalled || dev || devOptional || optional || peer),
      ),
    ).toEqual([]);
    expect(existsSync(inImage('/root/.npm'))).toBe(false);
  });

  it('lists its packages in a CycloneDX bill of materials', async () => {
    const { bomFormat, components } = JSON.parse(await readFile(inImage('/app/sbom.cdx.json'), 'utf8'));
    const installed = (await lockedPackages()).filter(({ isInstalled }) => isInstalled);

    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ purl }) => purl).sort()).toEqual(installed.map(purlOf).sort());
  });

  it('belongs to root: the user it runs as can change none of it', async () => {
    const files = (await readdir(inImage('/app'), { recursive: true })).map((file) =>
      statSync(inImage(`/app/${file}`)),
    );

    expect(files.filter(({ uid, mode }) => uid !== 0 || (mode & 0o022) !== 0)).toEqual([]);
  });
});

// The embedded database takes its time to be made.
const PATIENCE_MS = 60_000;

describe('A container', () => {
  let ports;
  let sandbox;
  let gateway;

  beforeAll(async () => {
    ports = { gateway: await freePort(), sandbox: await freePort() };
    sandbox = startContainer({
      command: ['node', 'dist/sandbox/main.js'],
      env: { SANDBOX_HOST: '127.0.0.1', SANDBOX_PORT: String(ports.sandbox), SANDBOX_LATENCY_MS: '500' },
    });
    gateway = startContainer({ env: gatewayEnv(ports), withData: true });
    await gateway.saying('listens on');
  }, PATIENCE_MS);

  afterAll(async () => {
    await sandbox.stop('SIGKILL');
  });

  it('has Node as its first process, without root, capabilities or a way to gain them', () => {
    const { Name, Uid, NSpid, CapEff, CapBnd, NoNewPrivs } = gateway.status();

    expect(NSpid.split('\t').at(-1)).toBe('1');
    expect({ Name, Uid, CapEff, CapBnd, NoNewPrivs }).toEqual({
      Name: expect.stringMatching(/^(node|MainThread)$/),
      Uid: '1000\t1000\t1000\t1000',
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      NoNewPrivs: '1',
    });
  });

  it('is ready with its embedded database, and its health check says so', async () => {
    const answer = await fetch(`http://127.0.0.1:${ports.gateway}/health/readiness`);

    expect(await answer.json()).toEqual({ status: 'healthy', db: 'connected' });
    expect((await runContainer({ command: healthCheck(), env: { PORT: String(ports.gateway) } })).code).toBe(0);
    expect((await runContainer({ command: healthCheck(), env: { PORT: String(await freePort()) } })).code).toBe(1);
  });

  it('makes a picture, and spools an upload to /tmp, the only place it can write to', async () => {
    const made = await post('generations', JSON.stringify({ prompt: 'a fox', response_format: 'b64_json' }), {
      'content-type': 'application/json',
    });
    const picture = Buffer.from((await made.json()).data[0].b64_json, 'base64');
    const form = new FormData();
    form.set('image', new File([picture], 'fox.webp'));
    form.set('prompt', 'at night');
    const edited = await post('edits', form);

    expect(made.status).toBe(200);
    expect({ status: edited.status, body: await edited.json() }).toMatchObject({
      status: 200,
      body: { data: [{ url: expect.any(String) }] },
    });
  });

  it('can write nowhere else', async () => {
    const attempt = `for (const folder of ['/', '/app', '/app/dist', '/etc', '/home', '/var/tmp', '/tmp']) {
      try { require('node:fs').writeFileSync(folder + '/probe', ''); console.log(folder, 'written'); }
      catch ({ code }) { console.log(folder, code); }
    }`;
    const { output } = await runContainer({ command: ['node', '-e', attempt] });

    expect(output.trim().split('\n')).toEqual([
      ...['/', '/app', '/app/dist', '/etc', '/home', '/var/tmp'].map((folder) => `${folder} EROFS`),
      '/tmp written',
    ]);
  });

  it(
    'brings a schema up to date as `image-gateway migrate`',
    async () => {
      const env = { RECRAFT_API_KEY: 'unused', MASTER_KEY: 'unused', LOG_LEVEL: 'silent' };

      expect(await runContainer({ command: ['image-gateway', 'migrate'], env, withData: true })).toEqual({
        code: 0,
        output: 'The schema is up to date.\n',
      });
    },
    PATIENCE_MS,
  );

  it('finishes what is under way when it is told to end', async () => {
    const { body } = await post('generations', JSON.stringify({ prompt: 'a fox', stream: true }), {
      'content-type': 'application/json',
    });
    const chunks = body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    // A comment: the request is with Recraft, and its answer is not there yet.
    expect((await chunks.next()).value).toMatch(/^:/);
    const ended = gateway.stop('SIGTERM');
    let answer = '';
    for await (const chunk of chunks) answer += chunk;

    expect(answer).toContain('event: image_generation.completed');
    expect((await ended).code).toBe(0);
  });

  const post = (operation, body, headers = {}) =>
    fetch(`http://127.0.0.1:${ports.gateway}/v1/images/${operation}`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', ...headers },
      body,
    });
});

const gatewayEnv = (ports) => ({
  HOST: '127.0.0.1',
  PORT: String(ports.gateway),
  MASTER_KEY: 'sk-test',
  RECRAFT_API_KEY: 'sandbox',
  RECRAFT_API_BASE: `http://127.0.0.1:${ports.sandbox}`,
  // Everything that is uploaded is spooled.
  UPLOAD_MEMORY_BYTES: '0',
  SSE_HEARTBEAT_MS: '50',
  SHUTDOWN_GRACE_MS: '0',
});

const healthCheck = () => imageConfig().Healthcheck.Test.slice(1);

/** What the lock file names, and whether it is in the image. */
async function lockedPackages() {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'));
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({ ...entry, path, isInstalled: existsSync(inImage(`/app/${path}`)) }));
}

const purlOf = ({ path, version }) =>
  `pkg:npm/${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length).replace('@', '%40')}@${version}`;
