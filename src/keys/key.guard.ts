import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { GatewayError } from '../errors/gateway-error.js';
import { KeyRing } from './key-ring.js';
import { OPEN } from './open.decorator.js';
import { presentedKey } from './presented-key.js';

/** Lets a request in whose key is known; before its body is read. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean | undefined>(OPEN, [context.getHandler(), context.getClass()]))
      return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = this.keys.find(presentedKey(request.headers));
    if (!caller) throw new GatewayError('wrongKey', 'The API key is not known here.');
    request.caller = caller;
    return true;
  }
}
