import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { answerUnrouted } from '../errors/answer-unrouted.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Accounts } from '../routing/accounts.js';
import { UnderWay } from './under-way.js';

/** Answered to the last: from memory, and by nobody else. */
const PROBES = '/health/';

/** Takes an instance out of service: unready at once, closed to new requests after a grace, and gone when the last is answered. */
@Injectable()
export class GoingDown {
  private phase: 'serving' | 'unready' | 'closed' = 'serving';
  private readonly underWay = new UnderWay();

  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  /** What to tell load balancers that should send no requests here any more; undefined while they should. */
  get notReady(): GatewayError | undefined {
    return this.phase === 'serving' ? undefined : shuttingDown();
  }

  /**
   * Sees a request before it is routed; true says that it is answered already: this instance takes no more of them. Its
   * client is told to come again, over another connection.
   */
  seeFirst({ call, url }: Request, response: Response): boolean {
    if (this.phase === 'closed' && !url.startsWith(PROBES)) {
      answerUnrouted(shuttingDown(), call, response, 'retry-after', '1', 'connection', 'close');
      return true;
    }
    if (this.phase !== 'serving') response.setHeader('connection', 'close');
    if (url.startsWith(PROBES)) return false;
    this.underWay.enter();
    response.on('close', () => {
      this.underWay.leave();
    });
    return false;
  }

  /**
   * Goes down: readiness fails at once, requests are served for the grace, then those who wait for a slot are sent away
   * and new ones refused. Resolves when everything under way has been answered.
   */
  async begin(graceMs: number): Promise<void> {
    this.phase = 'unready';
    if (graceMs > 0) await pause(graceMs);
    this.phase = 'closed';
    this.accounts.sendWaitersAway();
    await this.underWay.idle();
  }
}

function shuttingDown(): GatewayError {
  return new GatewayError('shuttingDown', 'This instance is going down. Try again: another one answers.', {
    retryAfterSeconds: 1,
  });
}
