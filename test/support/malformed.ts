import { aPngHeader, manyFrames } from './hostile-pictures.js';

/** Numbers that look random and are the same for the same seed (Mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('There is nothing to choose from.');
    return choice;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

export interface MalformedRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'TRACE';
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const PATHS = [
  '/v1/images/generations', '/v1/images/edits', '/v1/images/variations', '/v1/images/inpaint', '/v1/images/removeBackground',
  '/v1/styles', '/v1/models', '/v1/model/info', '/key/generate', '/key/info', '/spend/logs', '/audit', '/metrics', '/health',
  '/openai/deployments/x/images/generations', '/docs', '/openapi.json', '/ping',
]; // prettier-ignore
const ODD_PATHS = [
  '/', '//', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/v1/images/%', '/v1/images/%00', '/v1/models/%ff%fe', '/v1/models/..%2f..%2f',
  '/.env', '/.git/config', '/v1/styles/%27%20or%201=1--', '/docs/../../package.json', '/docs/%2e%2e%2fpackage.json', '/__proto__', '/constructor',
  `/v1/models/${'a'.repeat(9_000)}`, `/key/info?key=${'%00'.repeat(50)}`, '/spend/logs?start_date[$gt]=1', '/key/info?key[]=1&key[__proto__]=2',
]; // prettier-ignore
const METHODS = [
  ...Array.from({ length: 12 }, () => 'POST' as const),
  'GET',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
] as const;
const KEYS = [
  '',
  'Bearer',
  'Bearer  ',
  'Basic c2s6MTIzNA==',
  'Bearer sk-of-nobody',
  "Bearer ' or 1=1--",
  `Bearer ${'k'.repeat(4_000)}`,
];
const TYPES = [
  'application/json', 'application/json', 'multipart/form-data; boundary=b', 'multipart/form-data; boundary=b', 'multipart/form-data',
  'multipart/form-data; boundary=', 'text/html', 'application/x-www-form-urlencoded', 'application/json; charset=utf-7', 'application/xml', '\u00ff',
]; // prettier-ignore
const JSON_BODIES = [
  '', '{', '[]', 'null', '"x"', '{"prompt":}', '{"n":1e999}', '{"prompt":"\ud800"}', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}',
  `{"prompt":${'['.repeat(3_000)}`, `{"a":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`, '{"prompt":"x","n":-1}', '{"prompt":"x","n":"NaN"}',
  '{"prompt":"x","size":"99999999999x1"}', '{"prompt":"x","model":"../../etc/passwd"}', '{"prompt":"x","model":"__proto__"}',
  '{"prompt":{"$ne":1}}', '{"prompt":"x","controls":{"colors":[{"rgb":[1e308,-1,null]}]}}', '{"image":"data:image/png;base64,!!!!","prompt":"x"}',
  '{"prompt":"x","timeout":-1}', '{"prompt":"x","num_retries":1e9}', '{"prompt":"x","response_format":"__proto__"}', '{"prompt":"x","stream":"yes"}',
]; // prettier-ignore
const PART_HEADS = [
  'content-disposition: form-data; name="image"; filename="../../../etc/passwd"', 'content-disposition: form-data; name="prompt"',
  'content-disposition: form-data; name="__proto__[x]"', 'content-disposition: form-data', 'content-disposition: form-data; name=""; filename=""',
  'content-disposition: form-data; name="a[b][c][d][e][f][g]"', 'nonsense', `content-disposition: form-data; name="${'n'.repeat(400)}"`,
  'content-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\ncontent-transfer-encoding: base64',
]; // prettier-ignore

const FILES = [
  aPngHeader(30_000, 30_000), aPngHeader(10, 10), manyFrames(5_000), Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
  Buffer.from('\xff\xd8\xff\xe0nothing', 'latin1'), Buffer.from('RIFF\xff\xff\xff\xffWEBPVP8X', 'latin1'), Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'),
  Buffer.from('\0\0\0\x18ftypavif', 'latin1'), Buffer.alloc(0),
]; // prettier-ignore

/** A request that HTTP libraries can send, and no honest program does. */
export function malformedRequest(random: Random, key: string, prompt: string): MalformedRequest {
  const path = random.below(4) === 0 ? random.of(ODD_PATHS) : random.of(PATHS);
  const method = random.of(METHODS);
  const type = random.of(TYPES);
  const authorization = random.below(5) === 0 ? random.of(KEYS) : `Bearer ${key}`;
  const headers: Record<string, string> = { 'content-type': type, ...(authorization !== '' && { authorization }) };
  if (random.below(6) === 0) Object.assign(headers, random.of(ODD_HEADERS));
  const body = method === 'GET' || method === 'TRACE' ? Buffer.alloc(0) : bodyOf(random, type, prompt);
  return { path, method, headers, body };
}

const ODD_HEADERS: readonly Record<string, string>[] = [
  { 'content-encoding': 'gzip' }, { 'content-encoding': 'zip' }, { 'idempotency-key': 'x'.repeat(1_000) }, { 'idempotency-key': '\u00e9' },
  { 'x-litellm-call-id': '${jndi:ldap://x}' }, { 'x-litellm-timeout': 'NaN' }, { 'x-forwarded-prefix': '//evil.example' }, { origin: 'null' },
  { host: 'evil.example' }, { accept: '*/*;q=9' }, { 'x-litellm-num-retries': '-1' }, { origin: 'https://evil.example', 'access-control-request-method': 'X' },
]; // prettier-ignore

function bodyOf(random: Random, type: string, prompt: string): Buffer {
  if (random.below(8) === 0) return random.bytes(random.below(2_000));
  if (random.below(30) === 0)
    return Buffer.alloc(2_500_000, type.startsWith('multipart') ? wholePart('image', 'a') : ' ');
  if (type.startsWith('multipart')) return formBody(random, prompt);
  const json = random.of(JSON_BODIES).replace('"x"', JSON.stringify(prompt));
  return Buffer.from(random.below(3) === 0 ? json.slice(0, random.below(json.length + 1)) : json);
}

const wholePart = (name: string, text: string): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"; filename="a"\r\n\r\n${text}`;

function formBody(random: Random, prompt: string): Buffer {
  const parts = Array.from({ length: random.below(6) }, () => [
    Buffer.from(`--b\r\n${random.of(PART_HEADS)}\r\n\r\n`),
    random.below(2) === 0 ? random.of(FILES) : Buffer.from(prompt),
    Buffer.from('\r\n'),
  ]);
  const end = Buffer.from(random.of(['--b--\r\n', '', '--b', '--b--', '\r\n--b\r\n']));
  return Buffer.concat([...parts.flat(), end]);
}

const LINES = [
  'GET / HTTP/1.1', 'GET / HTTP/9.9', 'get / http/1.1', 'POST /v1/images/generations HTTP/1.1', 'GET  HTTP/1.1', '\0\0\0', 'PRI * HTTP/2.0',
  'POST /v1/images/edits HTTP/1.1', 'CONNECT 127.0.0.1:22 HTTP/1.1', 'GET http://127.0.0.1:1/ HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET /\x7f\xff HTTP/1.1',
]; // prettier-ignore
const HEADER_LINES = [
  'host: x', 'content-length: 5', 'content-length: -1', 'content-length: 99999999999999999999', 'transfer-encoding: chunked', 'transfer-encoding: gzip',
  'transfer-encoding: chunked, identity', 'expect: 100-continue', 'expect: nonsense', 'upgrade: websocket\r\nconnection: upgrade', 'content-length : 5',
  ' folded: yes', 'no colon', 'x: \0', 'connection: close', `x: ${'y'.repeat(20_000)}`, 'content-type: application/json', 'host: a\r\nhost: b',
]; // prettier-ignore
const TAILS = [
  '',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'zz\r\n',
  '{"prompt":"x"}',
  'GET /v1/models HTTP/1.1\r\n\r\n',
  '\r\n\r\n\r\n',
];

/** Bytes that no HTTP library would send: broken, smuggling, cut off. */
export function malformedBytes(random: Random, key: string, prompt: string): Buffer {
  if (random.below(10) === 0) return random.bytes(1 + random.below(500));
  const lines = Array.from({ length: random.below(6) }, () => random.of(HEADER_LINES));
  if (random.below(2) === 0) lines.push(`authorization: Bearer ${key}`);
  const text = [random.of(LINES), ...lines, '', random.of(TAILS).replace('"x"', JSON.stringify(prompt))].join('\r\n');
  const bytes = Buffer.from(text, 'latin1');
  return random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
