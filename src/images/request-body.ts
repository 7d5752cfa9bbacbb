import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Settings } from '../config/settings.js';
import { BodyReader, type ReadBody } from '../uploads/body-reader.js';
import { traced } from '../telemetry/call-trace.js';
import { coerceScalars, type ScalarKind } from '../uploads/form-scalars.js';
import type { SourceImage, UploadedImage } from './image-request.js';
import { declaredFields } from '../validation/declared-fields.js';
import { fitMask } from '../pixels/fit-mask.js';
import { fitPicture } from '../pixels/normalise.js';
import { type Fields, prepareBody } from './body.js';
import { type FoundPictures, NO_PICTURES, type PictureSlot, takePictures } from './pictures-in-body.js';

/** A form has only text: what its fields mean. Those not listed stay text. */
const FORM_KINDS: Readonly<Record<string, ScalarKind>> = {
  n: 'integer',
  random_seed: 'integer',
  output_compression: 'integer',
  partial_images: 'integer',
  timeout: 'number',
  num_retries: 'integer',
  strength: 'number',
  stream: 'boolean',
  controls: 'json',
  text_layout: 'json',
  extra_body: 'json',
  expand_left: 'integer',
  expand_right: 'integer',
  expand_top: 'integer',
  expand_bottom: 'integer',
  zoom_out_percentage: 'number',
  block_nsfw: 'boolean',
  calculate_features: 'boolean',
  expire: 'boolean',
  max_num_shapes: 'integer',
  strict_color_palette: 'json',
  image_weights: 'json',
  source_styles: 'json',
  source_style_weights: 'json',
  palette: 'json',
  style_reference_urls: 'list',
  image_urls: 'list',
  private: 'boolean',
  response_format: 'word',
  size: 'word',
  image_format: 'word',
  output_format: 'word',
  style: 'word',
  style_id: 'word',
  substyle: 'word',
  quality: 'word',
  background: 'word',
  moderation: 'word',
  input_fidelity: 'word',
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
    const body = await traced(request.call, 'receive', () => this.reader.readJson(request, response));
    noteArrival(request);
    freeWhenOver(body, request, response);
    request.body = prepareBody(body.fields);
    return true;
  }
}

/**
 * A guard that lets a request go on once its body is here, a form or JSON, and its pictures are found in it.
 *
 * @param dto what the route's fields are called: a part of a form with such a name is none of the pictures
 */
export function PicturesBody(slots: readonly PictureSlot[], dto: new () => object): Type<CanActivate> {
  const isField = ({ param, format }: UploadedImage): boolean => {
    const [field = ''] = param.split('[', 1);
    const isOther = declaredFields(dto).has(field) && !slots.some(({ spelling }) => spelling.test(param));
    return isOther || (Object.hasOwn(FORM_KINDS, field) && format === undefined);
  };
  @Injectable()
  class Guard implements CanActivate {
    constructor(
      @Inject(BodyReader) private readonly reader: BodyReader,
      @Inject(Settings) private readonly settings: Settings,
    ) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const { request, response } = exchangeOf(context);
      const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
      const body = await traced(request.call, 'receive', () =>
        isForm ? this.reader.readMultipart(request, response, isField) : this.reader.readJson(request, response),
      );
      noteArrival(request);
      freeWhenOver(body, request, response);
      const prepared = isForm ? prepareForm(body.fields) : prepareBody(body.fields);
      const { limits, normaliseImages } = this.settings;
      const { pictures, fields } = takePictures(body.files, prepared, slots, limits.imageBytes);
      request.body = fields;
      request.pictures = normaliseImages ? await normalised(pictures) : pictures;
      return true;
    }
  }
  return Guard;
}

/** What comes out of `extra_body` is text as well where it was spelled `extra_body[strength]`. */
function prepareForm(fields: Fields): Fields {
  return coerceScalars(prepareBody(coerceScalars(fields, FORM_KINDS)), FORM_KINDS);
}

/** A mask keeps its exact values, and is touched only where it has to follow its picture. */
async function normalised(pictures: FoundPictures['pictures']): Promise<FoundPictures['pictures']> {
  const fitting = new Map(pictures);
  const { mask: [mask] = [], ...others } = Object.fromEntries(pictures);
  for (const [slot, images] of Object.entries(others)) {
    const fitted = await Promise.all(images.map(fitPicture));
    fitting.set(slot, fitted.map(({ image }) => image)); // prettier-ignore
    const change = fitted[0]?.change;
    if (slot === 'image' && mask && change) fitting.set('mask', [await fitMask(mask, change)]);
  }
  return fitting;
}

declare global {
  // Express' own way of adding what a request carries along.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** By the name of their slot; set by a PicturesBody. */
      pictures?: FoundPictures['pictures'];
    }
  }
}

/** Every picture of a request by the name of its slot; none where its route takes none. */
export function allPicturesOf(request: Request): FoundPictures['pictures'] {
  return request.pictures ?? NO_PICTURES;
}

/** The pictures of a request by the name of their slot, as its PicturesBody found them; none where there is no such slot. */
export function picturesOf(request: Request, slot: string): readonly SourceImage[] {
  const { pictures } = request;
  if (!pictures) throw new Error('No PicturesBody stands before this route.');
  return pictures.get(slot) ?? [];
}

/** The picture of a slot that holds one at most. */
export function pictureOf(request: Request, slot: string): SourceImage | undefined {
  return picturesOf(request, slot)[0];
}

function exchangeOf(context: ExecutionContext): { request: Request; response: Response } {
  const [request, response] = context.getArgs<[Request, Response]>();
  return { request, response };
}

/** What a caller takes to send its body is no overhead of ours. */
function noteArrival({ call }: Request): void {
  call.receivingMs = performance.now() - call.startedAt;
}

/** Frees a body when its request is over, however it ends, and so is the work that may outlive it. */
function freeWhenOver(body: ReadBody, { call }: Request, response: Response): void {
  if (!body.isHeld) return;
  const free = (): void => {
    call.afterWork(() => void body.dispose());
  };
  if (response.closed) free();
  else response.once('close', free);
}
