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
  private readonly openHandlers = new WeakMap<object, boolean>();

  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.isOpen(context)) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = this.keys.find(presentedKey(request.headers));
    if (!caller) throw new GatewayError('wrongKey', 'The API key is not known here.');
    request.call.caller = caller;
    return true;
  }

  /** Looked up once for each handler: what is open does not change. */
  private isOpen(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    let open = this.openHandlers.get(handler);
    if (open === undefined) {
      open = this.reflector.getAllAndOverride<boolean | undefined>(OPEN, [handler, context.getClass()]) === true;
      this.openHandlers.set(handler, open);
    }
    return open;
  }
}
