import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiDocument } from '../../openapi/recraft-documents.js';
import type { DocumentOperation } from '../image-provider.js';
import { ImagesService } from '../images.service.js';
import { answerDocument } from './document-answer.js';
import { AccountDto, StatusDto } from './dto/account.dto.js';

/** What Recraft says of the account, and of itself. */
@ApiTags('Account')
@ApiBearerAuth()
@Controller()
export class AccountController {
  constructor(@Inject(ImagesService) private readonly images: ImagesService) {}

  @Get(['v1/users/me', 'users/me'])
  @ApiOperation({ operationId: 'readAccount', summary: "The Recraft account's balance, in API units." })
  @ApiDocument(AccountDto)
  account(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('readAccount', request, response);
  }

  @Get(['status', 'v1/status'])
  @ApiOperation({ operationId: 'readStatus', summary: 'Whether Recraft works.' })
  @ApiDocument(StatusDto)
  status(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.answer('readStatus', request, response);
  }

  private async answer(operation: DocumentOperation, request: Request, response: Response): Promise<void> {
    const document = await this.images.ask({ operation, fields: {}, pictures: [] }, request.call);
    answerDocument(response, request.call, document);
  }
}
