import { beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox, type SandboxSettings } from './sandbox.js';

let now: number;
beforeEach(() => {
  now = Date.UTC(2026, 10, 22);
});

const start = (settings: Partial<SandboxSettings> = {}): Promise<Sandbox> =>
  Sandbox.start({ clock: () => now, ...settings });

async function generate(sandbox: Sandbox, n = 1, token = 'any'): Promise<Response> {
  return await fetch(`${sandbox.url}/v1/images/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ prompt: 'a fox', model: 'recraftv4_vector', n }),
  });
}

async function balance(sandbox: Sandbox): Promise<unknown> {
  const answer = await fetch(`${sandbox.url}/v1/users/me`, { headers: { authorization: 'Bearer any' } });
  return await answer.json();
}

describe('the account', () => {
  it('is charged for pictures and for nothing else', async () => {
    await using sandbox = await start({ credits: 1000 });
    const made = await generate(sandbox, 2);
    await generate(sandbox, 9);
    await expect(balance(sandbox)).resolves.toMatchObject({ credits: 840 });
    expect(sandbox.charges()).toEqual({
      total: 160,
      byRequest: { [made.headers.get('x-recraft-requestid') ?? '']: 160 },
    });
    expect(sandbox.requests().map(({ status, credits }) => [status, credits])).toEqual([
      [200, 160],
      [400, 0],
      [200, 0],
    ]);
  });

  it('refuses pictures while it is empty, and makes them again once it is filled', async () => {
    await using sandbox = await start({ credits: 80 });
    expect((await generate(sandbox)).status).toBe(200);
    const refused = await generate(sandbox);
    expect(refused.status).toBe(402);
    await expect(refused.json()).resolves.toEqual({ code: 'insufficient_balance', message: 'Not enough API units' });
    sandbox.configure({ credits: 500 });
    expect((await generate(sandbox)).status).toBe(200);
    await expect(balance(sandbox)).resolves.toMatchObject({ credits: 420 });
  });
});

describe('the limits', () => {
  it('let five requests a second of a token pass, refuse the sixth without charge or advice, and let the next second pass', async () => {
    await using sandbox = await start();
    for (let request = 0; request < 5; request += 1)
      expect((await balance(sandbox)) as object).toHaveProperty('credits');
    const refused = await generate(sandbox);
    expect(refused.status).toBe(429);
    expect(refused.headers.has('retry-after')).toBe(false);
    await expect(refused.json()).resolves.toEqual({ code: 'rate_limit_exceeded', message: 'Rate limit exceeded' });
    expect(sandbox.charges().total).toBe(0);
    expect((await generate(sandbox, 1, 'another')).status).toBe(200);
    now += 1000;
    expect((await generate(sandbox)).status).toBe(200);
  });

  it('count pictures, not requests, over a minute', async () => {
    await using sandbox = await start({ imagesPerMinute: 5, requestsPerSecond: 0 });
    expect((await generate(sandbox, 3)).status).toBe(200);
    now += 30_000;
    expect((await generate(sandbox, 2)).status).toBe(200);
    expect((await generate(sandbox, 1)).status).toBe(429);
    now += 30_000;
    expect((await generate(sandbox, 3)).status).toBe(200);
    expect((await generate(sandbox, 1)).status).toBe(429);
  });

  it('do not count pictures of requests that were refused', async () => {
    await using sandbox = await start({ imagesPerMinute: 6, requestsPerSecond: 0 });
    expect((await generate(sandbox, 9)).status).toBe(400);
    expect((await generate(sandbox, 6)).status).toBe(200);
  });
});

describe("a picture's URL", () => {
  it('works until its time is over', async () => {
    await using sandbox = await start();
    const { data } = (await (await generate(sandbox)).json()) as { data: { url: string }[] };
    const url = data[0]?.url ?? '';
    now += 24 * 60 * 60 * 1000 - 1;
    expect((await fetch(url)).status).toBe(200);
    now += 1;
    expect((await fetch(url)).status).toBe(404);
  });

  it('cannot be guessed from another', async () => {
    await using sandbox = await start();
    const { data } = (await (await generate(sandbox)).json()) as { data: { url: string }[] };
    const forged = (data[0]?.url ?? '').replace('rs:fit:1024', 'rs:fit:2048');
    expect((await fetch(forged)).status).toBe(403);
  });

  it('leads to where the operator says', async () => {
    await using sandbox = await Sandbox.start({ publicUrl: 'https://pictures.example/' });
    const { data } = (await (await generate(sandbox)).json()) as { data: { url: string }[] };
    expect(data[0]?.url).toMatch(/^https:\/\/pictures\.example\/[\w-]{43}\/rs:fit/);
  });
});
