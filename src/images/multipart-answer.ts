import { randomUUID } from 'node:crypto';
import { GatewayError } from '../errors/gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { sniff } from '../uploads/sniff.js';
import { answerHeaders } from './answer-headers.js';
import type { AnswerHead, AnswerSink } from './image-provider.js';
import { JsonAnswer } from './json-answer.js';
import type { Outlet } from './outlet.js';

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

interface Picture {
  readonly image_id?: string;
  readonly b64_json?: string;
}

interface Answer {
  readonly data?: readonly Picture[];
  readonly image?: Picture;
}

/**
 * Answers with a form (recraft-api.md §4.2): a part `response` with the JSON, then one with the bytes of each picture, named
 * by its `image_id`. A form of the provider's flows through as it comes. Where the provider sends JSON, its base64 is held
 * until it is whole, for the first part names every picture.
 */
export class MultipartAnswer implements AnswerSink {
  private readonly chunks: Uint8Array[] = [];
  private head: Pick<AnswerHead, 'chargedMicroDollars'> = { chargedMicroDollars: undefined };
  /** Takes over where the provider's answer is a form. */
  private flow: JsonAnswer | undefined;

  constructor(
    private readonly response: Outlet,
    private readonly call: CallRecord,
  ) {}

  begin(head: AnswerHead): void {
    this.head = head;
    if (head.contentType === 'application/json') return;
    this.flow = new JsonAnswer(this.response, this.call);
    this.flow.begin(head);
  }

  write(chunk: Uint8Array): boolean {
    if (this.flow) return this.flow.write(chunk);
    this.chunks.push(chunk);
    return true;
  }

  onDrain(resume: () => void): void {
    if (this.flow) this.flow.onDrain(resume);
    else resume();
  }

  end(last: Uint8Array): void {
    if (this.flow) {
      this.flow.end(last);
      return;
    }
    this.chunks.push(last);
    const answer = JSON.parse(Buffer.concat(this.chunks).toString('utf8')) as Answer;
    const pictures = answer.data ?? (answer.image ? [answer.image] : []);
    const boundary = `image-gateway-${randomUUID()}`;
    const parts = [firstPart(boundary, answer), ...pictures.flatMap((picture) => partOf(boundary, picture))];
    const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
    const headers = answerHeaders(this.call, this.head);
    headers.push('content-type', `multipart/form-data; boundary=${boundary}`, 'content-length', String(body.length));
    this.response.writeHead(200, headers);
    this.response.end(body);
  }

  /** Where nothing has gone out, the error gets an answer of its own. */
  fail(): void {
    this.chunks.length = 0;
    this.flow?.fail();
  }
}

function firstPart(boundary: string, answer: Answer): Buffer {
  const without = ({ b64_json, ...picture }: Picture): Picture => picture;
  const document = {
    ...answer,
    ...(answer.data && { data: answer.data.map(without) }),
    ...(answer.image && { image: without(answer.image) }),
  };
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="response"\r\ncontent-type: application/json\r\n\r\n`;
  return Buffer.from(`${head}${JSON.stringify(document)}\r\n`);
}

function partOf(boundary: string, { image_id: id, b64_json: base64 }: Picture): Buffer[] {
  if (id === undefined || !/^[\w-]+$/.test(id) || base64 === undefined) {
    throw new GatewayError(
      'upstreamInvalidAnswer',
      "Recraft's answer could not be used: a picture has no id or no bytes.",
    );
  }
  const bytes = Buffer.from(base64, 'base64');
  const { format } = sniff([bytes]);
  const head = [
    `--${boundary}`,
    `content-disposition: form-data; name="${id}"`,
    `content-id: ${id}`,
    `content-type: ${format && format in MEDIA_TYPES ? MEDIA_TYPES[format] : 'application/octet-stream'}`,
  ];
  return [Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes, Buffer.from('\r\n')];
}
