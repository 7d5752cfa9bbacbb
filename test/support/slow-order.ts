import { jest } from '@jest/globals';
import { VirtualKeys } from '../../src/keys/virtual-keys.js';
import type { RunningGateway } from './gateway.js';
import { RawClient } from './raw-client.js';

/** An order for a picture whose key was checked and whose body is still on its way. */
export class SlowOrder {
  private constructor(
    private readonly client: RawClient,
    private readonly rest: string,
  ) {}

  /** Sends all but the end; resolves when the gateway has looked the key up. */
  static async begin(gateway: RunningGateway, key: string, fields: object = {}): Promise<SlowOrder> {
    const body = JSON.stringify({ prompt: 'a fox', model: 'recraft/recraftv3', ...fields });
    const head = [
      'POST /v1/images/generations HTTP/1.1',
      'host: gateway',
      'connection: close',
      `authorization: Bearer ${key}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
    ];
    const lookedUp = nextLookUp(gateway.get(VirtualKeys));
    const client = await RawClient.connect(gateway.url);
    client.send(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`);
    await lookedUp;
    return new SlowOrder(client, body.slice(10));
  }

  /** Sends the end. */
  async finish(): Promise<{ readonly status: number; readonly code: string | undefined }> {
    const answer = await this.client.send(this.rest).all();
    const code = /"code":"(\w+)"/.exec(answer)?.[1];
    return { status: Number(answer.split(' ')[1]), code };
  }
}

/** Resolves when a key has been looked up. */
function nextLookUp(keys: VirtualKeys): Promise<unknown> {
  return new Promise((resolve) => {
    const find = keys.find.bind(keys);
    jest.spyOn(keys, 'find').mockImplementationOnce((digest) => {
      const known = find(digest);
      resolve(known);
      return known;
    });
  });
}
