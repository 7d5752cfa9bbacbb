import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from './answer.js';

export interface FilePart {
  /** Name of the field it came in. */
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** A body taken apart. */
export interface Fields {
  /** A form's values are all text, which its readers have to turn into numbers and objects. */
  readonly form: boolean;
  readonly values: Readonly<Record<string, unknown>>;
  readonly files: readonly FilePart[];
}

export const NO_FIELDS: Fields = { form: false, values: {}, files: [] };

/** Ten style references of 64 MB together, in base64, and room for the rest (recraft-api.md §4.1). */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * The body's bytes, always read to the end, so that even a refused client gets to its answer; undefined where there are
 * too many to keep. Rejects where the client leaves midway.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** @throws Refusal for a body that is no form and no JSON object */
export async function parseFields(body: Buffer, contentType: string | undefined): Promise<Fields> {
  return contentType?.toLowerCase().startsWith('multipart/form-data') === true
    ? await parseForm(body, contentType)
    : { form: false, values: parseJson(body.toString()), files: [] };
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`invalid JSON body: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('JSON body must be an object');
  return value as Record<string, unknown>;
}

async function parseForm(body: Buffer, contentType: string): Promise<Fields> {
  const answer = new Response(new Uint8Array(body), { headers: { 'content-type': contentType } });
  // Discouraged for servers because it holds a body as a whole; here the body is whole already, and bounded.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await answer.formData().catch((error: unknown) => {
    throw new Refusal(`invalid multipart body: ${messageOf(error)}`);
  });
  const values: Record<string, unknown> = {};
  const files: FilePart[] = [];
  for (const [field, value] of form.entries()) {
    if (typeof value !== 'string' && !isText(field, value)) {
      files.push({ field, name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) });
      continue;
    }
    const text = typeof value === 'string' ? value : await value.text();
    values[field] = Object.hasOwn(values, field) ? [values[field], text].flat() : text;
  }
  return { form: true, values, files };
}

/** Nested fields, of which generated clients make files of JSON (recraft-api.md §4.1); here whatever type they name. */
const NESTED: ReadonlySet<string> = new Set([
  'controls', 'text_layout', 'palette', 'strict_color_palette', 'style_reference_urls', 'image_urls', 'image_weights',
  'source_styles', 'source_style_weights',
]); // prettier-ignore

function isText(field: string, { type }: Blob): boolean {
  return NESTED.has(field) || /^(?:application\/json|text\/plain)\b/.test(type);
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** The fields as the journal keeps them: a picture is told by its size and digest. */
export function summaryOf(fields: Fields): Record<string, unknown> {
  const summary = summarised(fields.values) as Record<string, unknown>;
  for (const { field, ...file } of fields.files) {
    const told = { name: file.name, type: file.type, ...digest(file.bytes) };
    summary[field] = Object.hasOwn(summary, field) ? [summary[field], told].flat() : told;
  }
  return summary;
}

/** Twice the longest prompt: what is longer is no text that a reader of the journal wants. */
const KEPT_CHARACTERS = 20_000;

const DATA_URL = /^data:([^;,]*);base64,/;

function summarised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(summarised);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, summarised(member)]));
  }
  if (typeof value !== 'string') return value;
  const [head, type] = DATA_URL.exec(value) ?? [];
  if (head !== undefined) return { name: null, type, ...digest(Buffer.from(value.slice(head.length), 'base64')) };
  return value.length <= KEPT_CHARACTERS ? value : `${value.slice(0, KEPT_CHARACTERS)}…`;
}

function digest(bytes: Buffer): { bytes: number; sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
