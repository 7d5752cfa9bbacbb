import { Body, Controller, HttpCode, Inject, Post, Req, Res, type Type, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { ApiRecraftPictures } from '../../openapi/recraft-pictures.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { noteLabels } from '../../spend/labels.js';
import { JsonAnswer } from '../json-answer.js';
import { MultipartAnswer } from '../multipart-answer.js';
import { checkedMask } from '../../pixels/own-mask.js';
import { pictureOf, PicturesBody, picturesOf } from '../request-body.js';
import { recraftOrder } from './orders.js';
import { PICTURE_ROUTES, type PictureRoute } from './routes.js';

/** One controller for each row of the route table: they differ in nothing but the row. */
export const PICTURE_CONTROLLERS: readonly Type[] = PICTURE_ROUTES.map(controllerFor);

function controllerFor(route: PictureRoute): Type {
  const paths = route.paths.flatMap((path) => [`v1/images/${path}`, `images/${path}`]);
  const [path] = route.paths;

  @ApiTags('Images: Recraft dialect')
  @ApiBearerAuth()
  @Controller()
  class PictureController {
    constructor(
      @Inject(ImagesService) readonly images: ImagesService,
      @Inject(OnceService) readonly once: OnceService,
      @Inject(Settings) readonly settings: Settings,
    ) {}

    @Post(paths)
    @HttpCode(200)
    @UseGuards(PicturesBody(route.slots, route.dto))
    @ApiOperation({ operationId: camelCase(path), summary: route.summary })
    @ApiRecraftPictures(route)
    async run(@Body() dto: object, @Req() request: Request, @Res() response: Response): Promise<void> {
      const [image, mask] = [pictureOf(request, 'image'), pictureOf(request, 'mask')];
      const order = recraftOrder(route, dto, {
        image,
        mask: mask && image && (await checkedMask(mask, image)),
        styleReferences: picturesOf(request, 'style_references'),
      });
      noteLabels(request, dto);
      const isMultipart = (dto as { response_format?: string }).response_format === 'multipart';
      const { call } = request;
      await this.once.answer(request, response, (outlet) =>
        this.images.fulfil(order, call, isMultipart ? new MultipartAnswer(outlet, call) : new JsonAnswer(outlet, call)),
      );
    }
  }
  // What the body pipe checks a body against: a decorator would read it off a parameter's type, which is the row's here.
  Reflect.defineMetadata('design:paramtypes', [route.dto, Object, Object], PictureController.prototype, 'run');
  return PictureController;
}

/** `generations/raster` → `generationsRaster`. */
function camelCase(path: string): string {
  return path.replaceAll(/\/(\w)/g, (_slash, letter: string) => letter.toUpperCase());
}
