import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MasterOnly } from '../keys/master-only.decorator.js';
import { ApiAnswer, ApiErrors } from '../openapi/answers.js';
import { Metrics } from './metrics.js';
import { METRICS_TYPE } from './metrics-server.js';

@ApiTags('Operations')
@ApiBearerAuth()
@Controller()
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get('metrics')
  @MasterOnly({ orListed: true })
  @Header('content-type', METRICS_TYPE)
  @ApiOperation({
    operationId: 'collectMetrics',
    summary: "Counters and histograms in Prometheus' text format.",
    description: 'With the master key, `METRICS_KEY`, or a key whose `allowed_routes` name `/metrics`.',
  })
  @ApiAnswer({
    description: 'The metrics.',
    content: {
      'text/plain': {
        schema: { type: 'string' },
        example: '# TYPE recraft_gateway_inflight_requests gauge\nrecraft_gateway_inflight_requests 1\n',
      },
    },
  })
  @ApiErrors('routeNotAllowed')
  collect(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
