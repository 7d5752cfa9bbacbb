import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiDocument } from '../../openapi/recraft-documents.js';
import type { DocumentAnswer, DocumentOperation } from '../image-provider.js';
import { ImagesService } from '../images.service.js';
import { answerDocument } from './document-answer.js';
import { AccountDto, StatusDto } from './dto/account.dto.js';
import { visibleAccount } from './visible-account.js';

/** What Recraft says of the account, and of itself. */
@ApiTags('Account')
@ApiBearerAuth()
@Controller()
export class AccountController {
  constructor(@Inject(ImagesService) private readonly images: ImagesService) {}

  @Get(['v1/users/me', 'users/me'])
  @ApiOperation({
    operationId: 'readAccount',
    summary: "The Recraft account's balance, in API units.",
    description: 'Whose account it is (`email`, `name`) is told to the master key alone.',
  })
  @ApiDocument(AccountDto)
  async account(@Req() request: Request, @Res() response: Response): Promise<void> {
    const account = await this.ask('readAccount', request);
    answerDocument(response, request.call, visibleAccount(account, request.call.caller));
  }

  @Get(['status', 'v1/status'])
  @ApiOperation({ operationId: 'readStatus', summary: 'Whether Recraft works.' })
  @ApiDocument(StatusDto)
  async status(@Req() request: Request, @Res() response: Response): Promise<void> {
    answerDocument(response, request.call, await this.ask('readStatus', request));
  }

  private ask(operation: DocumentOperation, { call }: Request): Promise<DocumentAnswer['document']> {
    return this.images.ask({ operation, fields: {}, pictures: [] }, call);
  }
}
