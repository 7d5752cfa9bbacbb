import { Body, Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { ApiEdit } from '../../openapi/pictures.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { PicturesBody, pictureOf } from '../request-body.js';
import { answerOrder, noteTerms } from './answer-order.js';
import { EditImageDto } from './dto/edit-image.dto.js';
import { EDIT_SLOTS } from './edit-slots.js';
import { editSources } from './edit-sources.js';
import { modelInPath } from './model-in-path.js';
import { editOrder } from './orders.js';

@ApiTags('Images: OpenAI dialect')
@ApiBearerAuth()
@Controller()
export class EditsController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(OnceService) private readonly once: OnceService,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  @Post(['v1/images/edits', 'images/edits', 'openai/deployments/*model/images/edits'])
  @HttpCode(200)
  @UseGuards(PicturesBody(EDIT_SLOTS, EditImageDto))
  @ApiOperation({ operationId: 'createImageEdit', summary: 'Change a picture by words, all of it or behind a mask.' })
  @ApiEdit()
  async edit(@Body() dto: EditImageDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const sources = await editSources(pictureOf(request, 'image'), pictureOf(request, 'mask'));
    const order = editOrder(dto, sources, this.settings.models, modelInPath(request));
    noteTerms(request.call, dto);
    await this.once.answer(request, response, (answer) =>
      answerOrder(this.images, dto, order, request, answer, this.settings),
    );
  }
}
