import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { BodyReader, type ReadBody } from '../../uploads/body-reader.js';
import { coerceScalars, type ScalarKind } from '../../uploads/form-scalars.js';
import type { SourceImage } from '../image-request.js';
import { type Fields, prepareBody } from './body.js';
import { takeSourceImage } from './source-image.js';

/** A form has only text: what its fields mean. Those not listed stay text. */
const FORM_KINDS: Readonly<Record<string, ScalarKind>> = {
  n: 'integer',
  random_seed: 'integer',
  output_compression: 'integer',
  partial_images: 'integer',
  strength: 'number',
  stream: 'boolean',
  controls: 'json',
  text_layout: 'json',
  extra_body: 'json',
};

/**
 * Lets a request go on once its JSON body is here, whole and within the limits. A guard and not an interceptor, for it
 * comes after the key's guard all the same and costs no Observable.
 */
@Injectable()
export class JsonBody implements CanActivate {
  constructor(@Inject(BodyReader) private readonly reader: BodyReader) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { request, response } = exchangeOf(context);
    const body = await this.reader.readJson(request, response);
    noteArrival(request);
    freeWhenOver(body, response);
    request.body = prepareBody(body.fields);
    return true;
  }
}

/** Lets an edit go on once its body is here, a form or JSON, and its picture is found in it. */
@Injectable()
export class EditBody implements CanActivate {
  constructor(
    @Inject(BodyReader) private readonly reader: BodyReader,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { request, response } = exchangeOf(context);
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
    const body = await (isForm
      ? this.reader.readMultipart(request, response)
      : this.reader.readJson(request, response));
    noteArrival(request);
    freeWhenOver(body, response);
    const prepared = isForm ? prepareForm(body.fields) : prepareBody(body.fields);
    const { image, fields } = takeSourceImage(body.files, prepared, this.settings.limits.imageBytes);
    request.body = fields;
    sources.set(request, image);
    return true;
  }
}

/** What comes out of `extra_body` is text as well where it was spelled `extra_body[strength]`. */
function prepareForm(fields: Fields): Fields {
  return coerceScalars(prepareBody(coerceScalars(fields, FORM_KINDS)), FORM_KINDS);
}

const sources = new WeakMap<Request, SourceImage>();

/** The picture of an edit, as EditBody found it. */
export function sourceImageOf(request: Request): SourceImage {
  const source = sources.get(request);
  if (!source) throw new Error('EditBody stands before every route that asks for the source image.');
  return source;
}

function exchangeOf(context: ExecutionContext): { request: Request; response: Response } {
  const http = context.switchToHttp();
  return { request: http.getRequest<Request>(), response: http.getResponse<Response>() };
}

/** What a caller takes to send its body is no overhead of ours. */
function noteArrival({ call }: Request): void {
  call.receivingMs = performance.now() - call.startedAt;
}

/** Frees a body when its request is over, however it ends. */
function freeWhenOver(body: ReadBody, response: Response): void {
  if (response.closed) void body.dispose();
  else response.once('close', () => void body.dispose());
}
