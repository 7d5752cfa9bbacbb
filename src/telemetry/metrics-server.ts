import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { toGatewayError } from '../errors/to-gateway-error.js';
import { digestOf } from '../keys/key-digest.js';
import { presentedKey } from '../keys/presented-key.js';
import type { Metrics } from './metrics.js';

/** What Prometheus' text format is called by. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `/metrics` on a port of its own, for a scraper that is in the cluster and has no business at the API. It answers until
 * the last call is done, so that the end of an instance can be seen too.
 */
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly server: Server;

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** The port that was taken; undefined where none is wanted, or before the start. */
  get port(): number | undefined {
    return (this.server.address() as AddressInfo | null)?.port;
  }

  /** @throws Error where the port cannot be had */
  async onApplicationBootstrap(): Promise<void> {
    const { port } = this.settings.metrics;
    if (port === undefined) return;
    this.server.listen(port, this.settings.server.host);
    await once(this.server, 'listening');
    this.logger.info({ port: this.port }, 'metrics are on a port of their own');
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.requireAllowed(request);
      const text = await this.metrics.registry.metrics();
      response.writeHead(200, { 'content-type': METRICS_TYPE });
      response.end(request.method === 'HEAD' ? undefined : text);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.fault === 'internal') this.logger.error({ err: thrown }, 'the metrics cannot be collected');
      response.writeHead(error.status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(error.toEnvelope()));
    }
  }

  /** @throws GatewayError where the request asks for something else, or has not the key that is wanted */
  private requireAllowed({ method, url = '', headers }: IncomingMessage): void {
    const { keyDigest } = this.settings.metrics;
    if (url.split('?', 1)[0] !== '/metrics') throw new GatewayError('unknownRoute', 'This port has /metrics alone.');
    if (method !== 'GET' && method !== 'HEAD') throw new GatewayError('wrongMethod', '/metrics answers to GET.');
    if (keyDigest === undefined) return;
    if (!timingSafeEqual(Buffer.from(digestOf(presentedKey(headers))), Buffer.from(keyDigest))) {
      throw new GatewayError('wrongKey', 'The API key is not the one for metrics.');
    }
  }
}
