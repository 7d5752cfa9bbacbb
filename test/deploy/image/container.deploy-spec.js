import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TextDecoderStream } from 'node:stream/web';
import { freePort } from '../../../scripts/free-port.mjs';
import { imageConfig, runContainer, startContainer } from '../support/container.mjs';

// The embedded database takes its time to be made.
jest.setTimeout(60_000);

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
    await Promise.all([sandbox.saying('sandbox ready'), gateway.saying('listens on')]);
  });

  afterAll(async () => {
    await Promise.all([gateway.stop('SIGKILL'), sandbox.stop('SIGKILL')]);
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

  it('brings a schema up to date as `image-gateway migrate`', async () => {
    const env = { RECRAFT_API_KEY: 'unused', MASTER_KEY: 'unused', LOG_LEVEL: 'silent' };

    expect(await runContainer({ command: ['image-gateway', 'migrate'], env, withData: true })).toEqual({
      code: 0,
      output: 'The schema is up to date.\n',
    });
  });

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
