import type { ImageRequest, Operation, SourceImage, UploadedImage } from '../../images/image-request.js';
import { Base64Flow } from './base64.js';
import { OPERATIONS } from './operations.js';

/** A request as Recraft takes it. */
export interface WireRequest {
  readonly path: string;
  readonly contentType: string;
  readonly contentLength: number;
  /** Small bodies whole; larger ones as they are read. Used once: make a new WireRequest for another attempt. */
  readonly body: Buffer | AsyncIterable<Uint8Array>;
}

type Fields = Record<string, unknown>;

const MEDIA_TYPES = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  gif: 'image/gif',
  avif: 'image/avif',
  heic: 'image/heic',
  tiff: 'image/tiff',
} as const;

/** A picture on its way to Recraft. */
interface Part {
  /** Its field in a form. */
  readonly field: string;
  /** Its field in JSON, where it is a URL. */
  readonly urlField: string;
  readonly image: SourceImage;
  /** The JSON field holds a list. */
  readonly listed?: true;
}

/** How Recraft is asked for the bytes of pictures: as base64 in JSON, or as they are in a form (recraft-api.md §4.2). */
export type BytesForm = 'json' | 'multipart';

/** Puts a request into Recraft's names and shapes (recraft-api.md §2, §4.1, §4.6, §5). */
export function toWire(request: ImageRequest, model: string, bytesAs: BytesForm = 'json'): WireRequest {
  const { path, hasModel } = OPERATIONS[request.operation];
  const only = request.operation === 'generate' && request.only !== undefined ? `/${request.only}` : '';
  const fields = fieldsOf(request, bytesAs);
  if (hasModel) fields['model'] = model;
  const parts = partsOf(request);
  return encode(path + only, withoutRivals(fields, parts), parts);
}

/** A deployment's default gives way to the pictures that the request brought along. */
function withoutRivals(fields: Fields, parts: readonly Part[]): Fields {
  if (!parts.some(({ urlField }) => urlField in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => !parts.some(({ urlField }) => urlField === name)),
  );
}

/** Set one by one: that costs a third of what putting objects together does, and every request comes through here. */
function fieldsOf(request: ImageRequest, bytesAs: BytesForm): Fields {
  const fields: Fields = { ...request.extra };
  fields['n'] = SINGLE.has(request.operation) ? undefined : request.count;
  fields['response_format'] = request.responseFormat === 'url' ? 'url' : BYTES[bytesAs];
  fields['random_seed'] = request.randomSeed;
  // Recraft has no such format to ask for: what draws vectors answers SVG.
  fields['image_format'] = request.imageFormat === 'svg' ? undefined : request.imageFormat;
  if ('prompt' in request) addDrawing(fields, request);
  addOwn(fields, request);
  return fields;
}

const BYTES = { json: 'b64_json', multipart: 'multipart' } as const satisfies Record<BytesForm, string>;

function addDrawing(fields: Fields, request: Extract<ImageRequest, { prompt: string }>): void {
  fields['prompt'] = request.prompt;
  fields['controls'] = request.controls;
  if (request.operation === 'explore') return;
  fields['style'] = request.style;
  fields['substyle'] = request.substyle;
  fields['style_id'] = request.styleId;
  fields['negative_prompt'] = request.negativePrompt;
  fields['text_layout'] = request.textLayout;
}

function addOwn(fields: Fields, request: ImageRequest): void {
  switch (request.operation) {
    case 'generate':
    case 'variate':
    case 'explore':
      fields['size'] = request.size;
      break;
    case 'imageToImage':
      fields['strength'] = request.strength;
      break;
    case 'outpaint':
      fields['size'] = request.size;
      fields['expand_left'] = request.expand.left;
      fields['expand_right'] = request.expand.right;
      fields['expand_top'] = request.expand.top;
      fields['expand_bottom'] = request.expand.bottom;
      fields['zoom_out_percentage'] = request.zoomOutPercentage;
      break;
    case 'exploreSimilar':
      fields['source_image_id'] = request.sourceImageId;
      fields['similarity'] = request.similarity;
      break;
  }
}

/** Operations that answer with one picture, or a number of their own, and take no `n`. */
const SINGLE: ReadonlySet<Operation> = new Set([
  'explore', 'exploreSimilar', 'vectorize', 'removeBackground', 'crispUpscale', 'creativeUpscale', 'enhance', 'eraseRegion',
]); // prettier-ignore

function partsOf(request: ImageRequest): Part[] {
  const field = OPERATIONS[request.operation].pictureField;
  const parts: Part[] = [];
  if ('image' in request) parts.push({ field, urlField: 'image_url', image: request.image });
  if ('mask' in request) parts.push({ field: 'mask', urlField: 'mask_url', image: request.mask });
  for (const image of 'styleReferences' in request ? (request.styleReferences ?? []) : []) {
    parts.push({ field: 'style_references', urlField: 'style_reference_urls', image, listed: true });
  }
  return parts;
}

/**
 * Files go as a form. How nested fields travel in one is documented nowhere, so a request that has any goes as JSON, and
 * so does one with a link (recraft-api.md §4.1).
 */
export function encode(path: string, fields: Fields, parts: readonly Part[]): WireRequest {
  const files = parts.filter((part): part is FilePart => part.image.kind === 'bytes');
  if (parts.length === 0) return jsonBody(path, fields);
  if (files.length === parts.length && isFlat(fields)) return multipartBody(path, fields, files);
  return dataUrlBody(path, fields, parts);
}

interface FilePart extends Part {
  readonly image: UploadedImage;
}

function isFlat(fields: Fields): boolean {
  return Object.values(fields).every((value) => typeof value !== 'object' || value === null);
}

function jsonBody(path: string, fields: Fields): WireRequest {
  const body = Buffer.from(JSON.stringify(fields));
  return { path, contentType: 'application/json', contentLength: body.length, body };
}

/** JSON with the pictures as URLs: links as they are, files as data URLs that are encoded while they are sent. */
function dataUrlBody(path: string, fields: Fields, parts: readonly Part[]): WireRequest {
  const pieces: Piece[] = [];
  let text = JSON.stringify(fields).slice(0, -1);
  let separator = text === '{' ? '' : ',';
  for (const [urlField, own] of Map.groupBy(parts, (part) => part.urlField)) {
    const isList = own.some(({ listed }) => listed);
    text += `${separator}${JSON.stringify(urlField)}:${isList ? '[' : ''}`;
    own.forEach(({ image }, index) => {
      if (index > 0) text += ',';
      if (image.kind === 'link') {
        text += JSON.stringify(image.url);
        return;
      }
      pieces.push(Buffer.from(`${text}"data:${mediaType(image)};base64,`), { base64: image });
      text = '"';
    });
    if (isList) text += ']';
    separator = ',';
  }
  pieces.push(Buffer.from(`${text}}`));
  return { path, contentType: 'application/json', ...inPieces(pieces) };
}

/** Not found in any picture: a random boundary of this length does not occur by chance. */
function newBoundary(): string {
  return `image-gateway-${crypto.randomUUID()}`;
}

function multipartBody(path: string, fields: Fields, parts: readonly FilePart[]): WireRequest {
  const boundary = newBoundary();
  const pieces: Piece[] = [];
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    text += `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${textOf(value)}\r\n`;
  }
  for (const { field, image } of parts) {
    // The client's own file name is never passed on: it may hold anything.
    const fileName = `${field}.${image.format ?? 'bin'}`;
    text += `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${fileName}"\r\n`;
    text += `content-type: ${mediaType(image)}\r\n\r\n`;
    pieces.push(Buffer.from(text), { raw: image });
    text = '\r\n';
  }
  pieces.push(Buffer.from(`${text}--${boundary}--\r\n`));
  return { path, contentType: `multipart/form-data; boundary=${boundary}`, ...inPieces(pieces) };
}

/** Some of a body: bytes that are there, or a picture that is read when its turn comes. */
type Piece = Buffer | { readonly raw: UploadedImage } | { readonly base64: UploadedImage };

function inPieces(pieces: readonly Piece[]): Pick<WireRequest, 'contentLength' | 'body'> {
  return { contentLength: pieces.reduce((sum, piece) => sum + lengthOf(piece), 0), body: flow(pieces) };
}

function lengthOf(piece: Piece): number {
  if ('raw' in piece) return piece.raw.bytes;
  return 'base64' in piece ? 4 * Math.ceil(piece.base64.bytes / 3) : piece.length;
}

async function* flow(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if ('raw' in piece) yield* piece.raw.open();
    else if ('base64' in piece) yield* base64(piece.base64.open());
    else yield piece;
  }
}

/** Escapes a field name as browsers do (HTML standard, multipart/form-data encoding). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function mediaType(image: UploadedImage): string {
  return image.format ? MEDIA_TYPES[image.format] : 'application/octet-stream';
}

async function* base64(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const flow = new Base64Flow();
  for await (const chunk of source) {
    const characters = flow.push(chunk);
    if (characters.length > 0) yield characters;
  }
  const last = flow.end();
  if (last.length > 0) yield last;
}
