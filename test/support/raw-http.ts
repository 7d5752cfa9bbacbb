import { RawClient } from './raw-client.js';

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends a request byte by byte as it is. It has to ask for `connection: close`, which ends its answer. */
export async function sendRaw(url: string, request: Uint8Array): Promise<RawAnswer> {
  using client = await RawClient.connect(url);
  return parse(await client.send(request).all());
}

/** @param answer as latin1 */
function parse(answer: string): RawAnswer {
  const headEnd = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.slice(0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const body = answer.slice(headEnd + 4);
  const isChunked = headers.get('transfer-encoding') === 'chunked';
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: Buffer.from(isChunked ? unchunked(body) : body, 'latin1').toString(),
  };
}

function unchunked(body: string): string {
  const lineEnd = body.indexOf('\r\n');
  const size = parseInt(body.slice(0, lineEnd), 16);
  if (!(size > 0)) return '';
  const start = lineEnd + 2;
  return body.slice(start, start + size) + unchunked(body.slice(start + size + 2));
}
