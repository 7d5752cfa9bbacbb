import { Body, Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { ApiEdit } from '../../openapi/pictures.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { PicturesBody, pictureOf } from '../request-body.js';
import { answerOrder, noteTerms } from './answer-order.js';
import { VariateImageDto } from './dto/variate-image.dto.js';
import { VARIATION_SLOTS } from './edit-slots.js';
import { editSources } from './edit-sources.js';
import { modelInPath } from './model-in-path.js';
import { variationOrder } from './orders.js';

@ApiTags('Images: OpenAI dialect')
@ApiBearerAuth()
@Controller()
export class VariationsController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(OnceService) private readonly once: OnceService,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  @Post(['v1/images/variations', 'images/variations', 'openai/deployments/*model/images/variations'])
  @HttpCode(200)
  @UseGuards(PicturesBody(VARIATION_SLOTS, VariateImageDto))
  @ApiOperation({ operationId: 'createImageVariation', summary: 'Make pictures like a picture, without words.' })
  @ApiEdit()
  async variate(@Body() dto: VariateImageDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { image } = await editSources(pictureOf(request, 'image'), undefined);
    const order = variationOrder(dto, image, this.settings.models, modelInPath(request));
    noteTerms(request.call, dto);
    await this.once.answer(request, response, (answer) =>
      answerOrder(this.images, dto, order, request, answer, this.settings),
    );
  }
}
