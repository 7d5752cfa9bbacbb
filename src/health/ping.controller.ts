import { Controller, Get, HttpCode } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Open } from '../keys/open.decorator.js';
import { ApiAnswer, ApiOpenErrors } from '../openapi/answers.js';

/** Recraft's own probe, at the root of its host (recraft-api.md §2), for clients that look before they ask. */
@ApiTags('Health')
@Controller()
export class PingController {
  @Open()
  @Get('ping')
  @HttpCode(200)
  @ApiOperation({ operationId: 'ping', summary: "Recraft's probe: an empty answer, from memory.", security: [] })
  @ApiAnswer({ description: 'The gateway answers.' })
  @ApiOpenErrors()
  ping(): void {
    // That it answers is the answer.
  }
}
