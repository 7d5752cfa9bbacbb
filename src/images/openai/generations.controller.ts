import { Body, Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { ApiGeneration } from '../../openapi/pictures.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { answerOrder, noteTerms } from './answer-order.js';
import { GenerateImageDto } from './dto/generate-image.dto.js';
import { GENERATION_SLOTS } from './edit-slots.js';
import { modelInPath } from './model-in-path.js';
import { generationOrder } from './orders.js';
import { PicturesBody, picturesOf } from '../request-body.js';

@ApiTags('Images: OpenAI dialect')
@ApiBearerAuth()
@Controller()
export class GenerationsController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(OnceService) private readonly once: OnceService,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  @Post(['v1/images/generations', 'images/generations', 'openai/deployments/*model/images/generations'])
  @HttpCode(200)
  @UseGuards(PicturesBody(GENERATION_SLOTS, GenerateImageDto))
  @ApiOperation({ operationId: 'createImage', summary: 'Make pictures from words.' })
  @ApiGeneration()
  generate(@Body() dto: GenerateImageDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const order = generationOrder(
      dto,
      this.settings.models,
      modelInPath(request),
      picturesOf(request, 'style_references'),
    );
    noteTerms(request.call, dto);
    return this.once.answer(request, response, (answer) =>
      answerOrder(this.images, dto, order, request, answer, this.settings),
    );
  }
}
