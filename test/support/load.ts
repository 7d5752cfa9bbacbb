import { Agent, request } from 'undici';

/** Asks for pictures over many connections, at all the addresses in turn, and counts the statuses of the answers. */
export async function statusesUnder(
  connections: number,
  requests: number,
  urls: readonly string[],
  key: string,
  fields: object,
): Promise<Record<number, number>> {
  const dispatcher = new Agent({ connections: Math.ceil(connections / urls.length) });
  const statuses: Record<number, number> = {};
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify(fields);
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < requests) {
      const url = `${urls[sent++ % urls.length] ?? ''}/v1/images/generations`;
      const answer = await request(url, { method: 'POST', headers, body, dispatcher });
      await answer.body.dump();
      statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  await dispatcher.close();
  return statuses;
}
