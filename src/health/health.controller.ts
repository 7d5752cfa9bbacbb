import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Open } from '../keys/open.decorator.js';
import { AccountCheckDto, ReadinessDto } from './health.dto.js';
import { AccountCheck } from './account-check.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(@Inject(AccountCheck) private readonly accounts: AccountCheck) {}

  /** Whether the process answers at all. From memory: a slow neighbour never restarts a healthy pod. */
  @Open()
  @Get(['liveliness', 'liveness'])
  @ApiOkResponse({ schema: { type: 'string', example: "I'm alive!" } })
  alive(@Res() response: Response): void {
    response.json("I'm alive!");
  }

  /** Whether requests should be sent here. */
  @Open()
  @Get('readiness')
  @ApiOkResponse({ type: ReadinessDto })
  ready(): ReadinessDto {
    return { status: 'healthy' };
  }

  /** Asks each provider account whether it answers and has money left. Free: it never buys a picture. */
  @Get()
  @ApiBearerAuth()
  @ApiOkResponse({ type: AccountCheckDto, description: 'At least one account is healthy.' })
  @ApiServiceUnavailableResponse({ type: AccountCheckDto, description: 'No account is healthy.' })
  async check(@Res({ passthrough: true }) response: Response): Promise<AccountCheckDto> {
    const result = await this.accounts.check();
    if (result.healthy_count === 0) response.status(503);
    return result;
  }
}
