import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { finalize, type Observable } from 'rxjs';
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

/** Reads a JSON body, after the key was checked; frees it when the request is over. */
@Injectable()
export class JsonBody implements NestInterceptor {
  constructor(@Inject(BodyReader) private readonly reader: BodyReader) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { request, response } = exchangeOf(context);
    const body = await this.reader.readJson(request, response);
    return freeing(body, next, () => {
      request.body = prepareBody(body.fields);
    });
  }
}

/** Reads the body of an edit, a form or JSON, and finds its picture. */
@Injectable()
export class EditBody implements NestInterceptor {
  constructor(
    @Inject(BodyReader) private readonly reader: BodyReader,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { request, response } = exchangeOf(context);
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
    const body = await (isForm
      ? this.reader.readMultipart(request, response)
      : this.reader.readJson(request, response));
    return freeing(body, next, () => {
      const prepared = isForm ? prepareForm(body.fields) : prepareBody(body.fields);
      const { image, fields } = takeSourceImage(body.files, prepared, this.settings.limits.imageBytes);
      request.body = fields;
      sources.set(request, image);
    });
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

/** Goes on with the request, and frees its body when that is over or was not possible. */
async function freeing(body: ReadBody, next: CallHandler, prepare: () => void): Promise<Observable<unknown>> {
  try {
    prepare();
  } catch (error) {
    await body.dispose();
    throw error;
  }
  return next.handle().pipe(finalize(() => void body.dispose()));
}
