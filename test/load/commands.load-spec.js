import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { generateImage } from 'ai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../../scripts/server', import.meta.url));

/** What the command itself needs; no setting of whoever runs the tests. */
const { PATH, HOME, XDG_CACHE_HOME } = process.env;

// The first start may have to install and build.
jest.setTimeout(240_000);

const running = new Set();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Runs scripts/server on free ports, from a directory that is not the project's.
 *
 * `ready()` waits for its first line. `ended` waits for the end of its output, which its services share: it resolves
 * when no process of them is left.
 */
function server(env = {}, ...args) {
  const child = spawn(SERVER, args, {
    cwd: tmpdir(),
    env: {
      PATH,
      HOME,
      ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }),
      PORT: '0',
      SANDBOX_PORT: '0',
      DATABASE_URL: 'none',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output)) {
    child[name].setEncoding('utf8').on('data', (chunk) => (output[name] += chunk));
  }
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return { code, ...output };
  });
  const failed = () => ended.then(({ stderr }) => Promise.reject(new Error(`It did not start: ${stderr}`)));
  const ready = async () => {
    while (!output.stdout.includes('\n')) await Promise.race([once(child.stdout, 'data'), failed()]);
    return output.stdout.split('\n', 1)[0];
  };
  return { child, ended, ready };
}

const addressesIn = (line) => {
  const [gateway, docs, sandbox] = line.match(/http:\/\/[^\s,)]+/g);
  return { gateway, docs, sandbox };
};

describe('scripts/server without a Recraft key', () => {
  it('ends its start with one line that says where and how to make pictures', async () => {
    const { child, ended, ready } = server();
    const line = await ready();
    const { gateway, docs, sandbox } = addressesIn(line);

    expect(line).toMatch(/^image-gateway ready on http:\/\/127\.0\.0\.1:\d+ \| .*sandbox.* \| key sk-1234$/);
    expect(docs).toBe(`${gateway}/docs`);
    expect((await fetch(`${gateway}/health/liveliness`)).status).toBe(200);
    const answer = await fetch(`${gateway}/v1/images/generations`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-1234', 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a fox' }),
    });
    expect(await answer.json()).toMatchObject({ data: [{ url: expect.stringContaining(sandbox) }] });

    child.kill('SIGTERM');
    expect((await ended).stdout).toBe(`${line}\n`);
  });

  it("serves the AI SDK with base64, which downloads nothing from the sandbox's address", async () => {
    const { child, ended, ready } = server();
    const { gateway } = addressesIn(await ready());
    const provider = createOpenAICompatible({ name: 'recraft', baseURL: `${gateway}/v1`, apiKey: 'sk-1234' });
    const draw = async (name, recraft = {}) => {
      const model = provider.imageModel(name);
      const { image } = await generateImage({ model, prompt: 'a fox', providerOptions: { recraft } });
      return Buffer.from(image.uint8Array).toString('latin1', 8, 12);
    };

    expect(await draw('recraft/recraftv3', { response_format: 'b64_json' })).toBe('WEBP');
    expect(await draw('gpt-image-1')).toBe('WEBP');
    // README.md says so; should this ever work, it need not.
    await expect(draw('recraft/recraftv3')).rejects.toThrow('127.0.0.1 is not allowed');

    child.kill('SIGTERM');
    await ended;
  });

  it.each(['SIGTERM', 'SIGINT'])('stops both on %s, and calls that a success', async (signal) => {
    const { child, ended, ready } = server();
    const { gateway, sandbox } = addressesIn(await ready());
    const asked = performance.now();

    child.kill(signal);

    expect((await ended).code).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5_000);
    for (const url of [gateway, sandbox]) {
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
  });

  it('leaves nothing running when it is killed', async () => {
    const { child, ended, ready } = server();
    const { gateway, sandbox } = addressesIn(await ready());

    child.kill('SIGKILL');

    await ended;
    for (const url of [gateway, sandbox]) {
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
  });

  it('fails, and stops the sandbox, when the gateway cannot start', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');

    const { code, stdout, stderr } = await server({ PORT: String(occupant.address().port) }).ended;

    occupant.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('The gateway did not start');
  });

  it('names the master key that was set for it', async () => {
    const { child, ended, ready } = server({ MASTER_KEY: 'sk-mine' });

    expect(await ready()).toMatch(/ \| key sk-mine$/);

    child.kill('SIGTERM');
    await ended;
  });
});

describe('scripts/server with a Recraft key', () => {
  it('refuses to start without a master key', async () => {
    const { code, stdout, stderr } = await server({ RECRAFT_API_KEY: 'of-recraft' }).ended;

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('MASTER_KEY');
    expect(stderr).not.toContain('of-recraft');
  });

  it('says that Recraft answers, and tells no key', async () => {
    const { child, ended, ready } = server({ RECRAFT_API_KEY: 'of-recraft', MASTER_KEY: 'sk-mine' });

    expect(await ready()).toMatch(/^image-gateway ready on http:\S+ \| docs http:\S+\/docs \| Recraft answers$/);

    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});
