import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiAnswer, ApiErrors } from '../openapi/answers.js';
import { Metrics } from './metrics.js';

@ApiTags('Operations')
@ApiBearerAuth()
@Controller()
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ operationId: 'collectMetrics', summary: "Counters and histograms in Prometheus' text format." })
  @ApiAnswer({
    description: 'The metrics.',
    content: {
      'text/plain': {
        schema: { type: 'string' },
        example: '# TYPE recraft_gateway_inflight_requests gauge\nrecraft_gateway_inflight_requests 1\n',
      },
    },
  })
  @ApiErrors()
  collect(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
