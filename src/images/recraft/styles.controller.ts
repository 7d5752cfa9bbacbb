import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiDocument } from '../../openapi/recraft-documents.js';
import type { DocumentOperation } from '../image-provider.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { PicturesBody, picturesOf } from '../request-body.js';
import { STYLE_SLOTS } from './style-slots.js';
import { styleRequest } from './style-request.js';
import { answerDocument } from './document-answer.js';
import { BasicStylesDto, CreateStyleDto, StyleDto, StylesDto } from './dto/styles.dto.js';

/** Custom styles of Recraft's: made, listed, read and deleted. */
@ApiTags('Styles')
@ApiBearerAuth()
@Controller()
export class StylesController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(OnceService) private readonly once: OnceService,
  ) {}

  @Post(['v1/styles', 'styles'])
  @HttpCode(200)
  @UseGuards(PicturesBody(STYLE_SLOTS, CreateStyleDto))
  @ApiOperation({ operationId: 'createStyle', summary: 'Make a style from pictures.' })
  @ApiDocument(
    StyleDto,
    'tooLong',
    'unsupportedParameter',
    'unsupportedValue',
    'invalidImage',
    'unknownPictureKind',
    'modelNotAllowed',
    'unknownModel',
    'budgetExceeded',
  )
  async create(@Body() dto: CreateStyleDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    const asked = styleRequest(dto, picturesOf(request, 'files'));
    await this.once.answer(request, response, async (answer) => {
      answerDocument(answer, request.call, await this.images.ask(asked, request.call));
    });
  }

  @Get(['v1/styles', 'styles'])
  @ApiOperation({ operationId: 'listStyles', summary: 'The styles of the account.' })
  @ApiDocument(StylesDto)
  list(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('listStyles', request, response);
  }

  @Get(['v1/styles/basic', 'styles/basic'])
  @ApiOperation({ operationId: 'listBasicStyles', summary: "Recraft's curated styles." })
  @ApiDocument(BasicStylesDto)
  listBasic(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('listBasicStyles', request, response);
  }

  @Get(['v1/styles/:style_id', 'styles/:style_id'])
  @ApiOperation({ operationId: 'readStyle', summary: 'One style.' })
  @ApiDocument(StyleDto)
  read(@Param('style_id') styleId: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('readStyle', request, response, styleId);
  }

  @Delete(['v1/styles/:style_id', 'styles/:style_id'])
  @ApiOperation({ operationId: 'deleteStyle', summary: 'Delete a style.' })
  @ApiDocument(Object)
  remove(@Param('style_id') styleId: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('deleteStyle', request, response, styleId);
  }

  private async answer(
    operation: DocumentOperation,
    request: Request,
    response: Response,
    styleId?: string,
  ): Promise<void> {
    const asked = { operation, fields: {}, pictures: [], ...(styleId !== undefined && { styleId }) };
    answerDocument(response, request.call, await this.images.ask(asked, request.call));
  }
}
