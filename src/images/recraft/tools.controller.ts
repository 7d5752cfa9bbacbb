import { Body, Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiDocument } from '../../openapi/recraft-documents.js';
import type { DocumentOperation } from '../image-provider.js';
import { OnceService } from '../../once/once.service.js';
import { ImagesService } from '../images.service.js';
import { given } from '../request-fields.js';
import { JsonBody } from '../request-body.js';
import { answerDocument } from './document-answer.js';
import { OptimizeColorsDto, OptimizedColorsDto } from './dto/colors.dto.js';
import { EnhancedPromptDto, EnhancePromptDto } from './dto/prompts.dto.js';

/** Recraft's helpers beside its pictures. */
@ApiTags('Images: Recraft dialect')
@ApiBearerAuth()
@Controller()
export class ToolsController {
  constructor(
    @Inject(ImagesService) private readonly images: ImagesService,
    @Inject(OnceService) private readonly once: OnceService,
  ) {}

  @Post(['v1/prompts/enhance', 'prompts/enhance'])
  @HttpCode(200)
  @UseGuards(JsonBody)
  @ApiOperation({ operationId: 'enhancePrompt', summary: 'Make a prompt richer.' })
  @ApiDocument(EnhancedPromptDto, 'budgetExceeded')
  enhance(@Body() dto: EnhancePromptDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('enhancePrompt', request, response, given(dto));
  }

  @Post(['v1/colors/optimize', 'colors/optimize'])
  @HttpCode(200)
  @UseGuards(JsonBody)
  @ApiOperation({ operationId: 'optimizeColors', summary: 'Reduce a list of colours.' })
  @ApiDocument(OptimizedColorsDto, 'unpricedOperation', 'budgetExceeded')
  optimize(@Body() dto: OptimizeColorsDto, @Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('optimizeColors', request, response, given(dto));
  }

  private async answer(
    operation: DocumentOperation,
    request: Request,
    response: Response,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { call } = request;
    await this.once.answer(request, response, async (answer) => {
      answerDocument(answer, call, await this.images.ask({ operation, fields, pictures: [] }, call));
    });
  }
}
