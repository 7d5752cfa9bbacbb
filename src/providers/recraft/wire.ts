import type { ImageRequest, ImageToImageRequest, UploadedImage } from '../../images/image-request.js';

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
} as const;

/** Puts a request into Recraft's names and shapes (recraft-api.md §2, §4.1, §4.6, §5.1, §5.2). */
export function toWire(request: ImageRequest, model: string): WireRequest {
  if (request.operation === 'generate') {
    return jsonBody('/v1/images/generations', { ...commonFields(request, model), size: request.size });
  }
  return imageToImage(request, { ...commonFields(request, model), strength: request.strength });
}

function commonFields(request: ImageRequest, model: string): Fields {
  return {
    ...request.extra,
    prompt: request.prompt,
    model,
    n: request.count,
    response_format: request.responseFormat,
    style: request.style,
    substyle: request.substyle,
    style_id: request.styleId,
    negative_prompt: request.negativePrompt,
    controls: request.controls,
    text_layout: request.textLayout,
    random_seed: request.randomSeed,
    // Recraft has no such format to ask for: what draws vectors answers SVG.
    image_format: request.imageFormat === 'svg' ? undefined : request.imageFormat,
  };
}

/** How nested fields travel in a form is documented nowhere, so a request that has any goes as JSON (recraft-api.md §4.1). */
function imageToImage({ image }: ImageToImageRequest, fields: Fields): WireRequest {
  const path = '/v1/images/imageToImage';
  if (image.kind === 'link') return jsonBody(path, { ...fields, image_url: image.url });
  return isFlat(fields) ? multipartBody(path, fields, image) : dataUrlBody(path, fields, image);
}

function isFlat(fields: Fields): boolean {
  return Object.values(fields).every((value) => typeof value !== 'object' || value === null);
}

function jsonBody(path: string, fields: Fields): WireRequest {
  const body = Buffer.from(JSON.stringify(fields));
  return { path, contentType: 'application/json', contentLength: body.length, body };
}

/** JSON with the picture as a data URL, encoded while it is sent. */
function dataUrlBody(path: string, fields: Fields, image: UploadedImage): WireRequest {
  const opening = JSON.stringify({ ...fields, image_url: `data:${mediaType(image)};base64,` });
  const head = Buffer.from(opening.slice(0, -'"}'.length));
  const tail = Buffer.from('"}');
  return {
    path,
    contentType: 'application/json',
    contentLength: head.length + 4 * Math.ceil(image.bytes / 3) + tail.length,
    body: framed(head, base64(image.open()), tail),
  };
}

/** Not found in any picture: a random boundary of this length does not occur by chance. */
function newBoundary(): string {
  return `image-gateway-${crypto.randomUUID()}`;
}

function multipartBody(path: string, fields: Fields, image: UploadedImage): WireRequest {
  const boundary = newBoundary();
  let opening = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    opening += `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${textOf(value)}\r\n`;
  }
  // The client's own file name is never passed on: it may hold anything.
  opening += `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="image.${image.format ?? 'bin'}"\r\n`;
  opening += `content-type: ${mediaType(image)}\r\n\r\n`;
  const head = Buffer.from(opening);
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    path,
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength: head.length + image.bytes + tail.length,
    body: framed(head, image.open(), tail),
  };
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

async function* framed(head: Buffer, body: AsyncIterable<Uint8Array>, tail: Buffer): AsyncGenerator<Uint8Array> {
  yield head;
  yield* body;
  yield tail;
}

/** Base64 of a stream, three bytes to four characters; what does not fill a triple waits for the next chunk. */
async function* base64(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes =
      rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const whole = bytes.length - (bytes.length % 3);
    // Copied, for the source may use its chunk again.
    rest = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole), 'latin1');
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'), 'latin1');
}
