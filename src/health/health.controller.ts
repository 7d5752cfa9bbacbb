import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Open } from '../keys/open.decorator.js';
import { ApiAnswer, ApiErrors, ApiOpenErrors, IDS } from '../openapi/answers.js';
import { AccountCheckDto, ReadinessDto } from './health.dto.js';
import { AccountCheck } from './account-check.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(@Inject(AccountCheck) private readonly accounts: AccountCheck) {}

  @Open()
  @Get(['liveliness', 'liveness'])
  @ApiOperation({
    operationId: 'checkLiveness',
    summary: 'Whether the process answers at all.',
    description: 'From memory: a slow neighbour never restarts a healthy pod. Also at `/health/liveness`.',
    security: [],
  })
  @ApiAnswer({ schema: { type: 'string', example: "I'm alive!" }, description: 'It does.' })
  @ApiOpenErrors()
  alive(@Res() response: Response): void {
    response.json("I'm alive!");
  }

  @Open()
  @Get('readiness')
  @ApiOperation({ operationId: 'checkReadiness', summary: 'Whether requests should be sent here.', security: [] })
  @ApiAnswer({ type: ReadinessDto, description: 'They should.' })
  @ApiOpenErrors()
  ready(): ReadinessDto {
    return { status: 'healthy' };
  }

  @Get()
  @ApiBearerAuth()
  @ApiOperation({
    operationId: 'checkAccounts',
    summary: 'Asks each Recraft account whether it answers and has money left.',
    description: 'Free: it never buys a picture. An account that does not answer within ten seconds is unhealthy.',
  })
  @ApiAnswer({ type: AccountCheckDto, description: 'At least one account is healthy.' })
  @ApiResponse({ status: 503, type: AccountCheckDto, description: 'No account is healthy.', headers: IDS })
  @ApiErrors()
  async check(@Res({ passthrough: true }) response: Response): Promise<AccountCheckDto> {
    const result = await this.accounts.check();
    if (result.healthy_count === 0) response.status(503);
    return result;
  }
}
