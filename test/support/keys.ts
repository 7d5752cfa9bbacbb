import type { RunningGateway } from './gateway.js';

/** A key as `/key/generate` answers it. */
export interface NewKey {
  readonly key: string;
  readonly token: string;
  readonly [field: string]: unknown;
}

/** Makes a key with the master key. */
export async function generateKey(gateway: RunningGateway, fields: object = {}): Promise<NewKey> {
  const response = await gateway.post('/key/generate', fields);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as NewKey;
}

/** The header of a key, for `gateway.call` and `gateway.post`. */
export const withKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });

/** The status of a cheap request under a key. */
export async function statusWith(gateway: { readonly url: string }, key: string): Promise<number> {
  const response = await fetch(`${gateway.url}/v1/models`, withKey(key));
  await response.body?.cancel();
  return response.status;
}
