import { Controller, Get, Inject, Optional, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Database } from '../database/database.js';
import { KeyRing } from '../keys/key-ring.js';
import { Open } from '../keys/open.decorator.js';
import type { ErrorBody } from '../errors/gateway-error.js';
import { GoingDown } from '../shutdown/going-down.js';
import { ApiAnswer, ApiOpenErrors, IDS } from '../openapi/answers.js';
import { AccountCheckDto, ReadinessDto } from './health.dto.js';
import { AccountCheck } from './account-check.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(AccountCheck) private readonly accounts: AccountCheck,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(GoingDown) private readonly goingDown: GoingDown,
    @Optional() @Inject(Database) private readonly database: Database | undefined,
  ) {}

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
  ready(@Res({ passthrough: true }) response: Response): ReadinessDto | ErrorBody {
    const { notReady } = this.goingDown;
    if (!notReady) return { status: 'healthy', db: this.databaseState() };
    // Answered as an error and not thrown as one: an instance that goes down in order is no trouble to log and to count.
    response.status(notReady.status).set(notReady.retryHeaders());
    return notReady.toBody();
  }

  @Open()
  @Get()
  @ApiOperation({
    operationId: 'checkAccounts',
    summary: 'Whether the Recraft accounts answer and have money left.',
    description:
      'Free: it never buys a picture. Accounts are asked at most every ten seconds; one that does not answer within ' +
      'ten seconds is unhealthy. `api_base` and `credits` are told to the owner of the master key alone.',
    security: [],
  })
  @ApiAnswer({ type: AccountCheckDto, description: 'At least one account is healthy.' })
  @ApiResponse({ status: 503, type: AccountCheckDto, description: 'No account is healthy.', headers: IDS })
  @ApiOpenErrors()
  async check(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<AccountCheckDto> {
    const result = await this.accounts.check();
    if (result.healthy_count === 0) response.status(503);
    return this.keys.presentsMaster(request.headers) ? result : withoutFigures(result);
  }

  /** From memory, as the last statement left it; the sweep makes one every few seconds. */
  private databaseState(): ReadinessDto['db'] {
    if (!this.database) return 'none';
    return this.database.isUp ? 'connected' : 'disconnected';
  }
}

function withoutFigures(check: AccountCheckDto): AccountCheckDto {
  return {
    healthy_endpoints: check.healthy_endpoints.map(({ model }) => ({ model })),
    unhealthy_endpoints: check.unhealthy_endpoints.map(({ model, error }) => ({ model, error })),
    healthy_count: check.healthy_count,
    unhealthy_count: check.unhealthy_count,
  };
}
