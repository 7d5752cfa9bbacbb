import { Body, Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Settings } from '../../config/settings.js';
import { ApiEdit } from '../../openapi/pictures.js';
import { ImagesService } from '../images.service.js';
import { answerFor } from './answer-for.js';
import { EditImageDto } from './dto/edit-image.dto.js';
import { modelInPath } from './model-in-path.js';
import { editOrder } from './orders.js';
import { EditBody, sourceImageOf } from './request-body.js';

@ApiTags('Images')
@ApiBearerAuth()
@Controller()
export class EditsController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  @Post(['v1/images/edits', 'images/edits', 'openai/deployments/*model/images/edits'])
  @HttpCode(200)
  @UseGuards(EditBody)
  @ApiOperation({ operationId: 'createImageEdit', summary: 'Change a picture by words.' })
  @ApiEdit()
  async edit(@Body() dto: EditImageDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const order = editOrder(dto, sourceImageOf(request), this.settings.models, modelInPath(request));
    await this.images.fulfil(order, request.call, answerFor(dto, order, request, response, this.settings.heartbeatMs));
  }
}
