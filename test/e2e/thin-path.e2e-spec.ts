import { describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { startGateway } from '../support/gateway.js';

describe('The way of a request', () => {
  it('brings a picture from the sandbox that can be fetched', async () => {
    await using sandbox = await Sandbox.start();
    await using gateway = await startGateway(sandbox);
    const response = await gateway.post('/v1/images/generations', { model: 'recraft/recraftv3', prompt: 'a red fox' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.04');
    const { data } = (await response.json()) as { data: { url: string }[] };
    const picture = await fetch(String(data[0]?.url));
    expect(picture.headers.get('content-type')).toBe('image/webp');
  });
});
