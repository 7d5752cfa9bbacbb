import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { GatewayError } from '../errors/gateway-error.js';
import { traced } from '../telemetry/call-trace.js';
import { digestOf } from './key-digest.js';
import { KeyRing } from './key-ring.js';
import { type KnownKey, ownerOf } from './known-key.js';
import { ACCESS, type Access } from './master-only.decorator.js';
import { OPEN } from './open.decorator.js';
import { presentedKey } from './presented-key.js';
import { mayCall } from './routes.js';
import { VirtualKeys } from './virtual-keys.js';

/** Lets a request in whose key is known and may call its route; before its body is read. */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly accesses = new WeakMap<object, Access | 'open'>();

  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
    @Inject(VirtualKeys) private readonly virtualKeys: VirtualKeys | undefined,
  ) {}

  /** A promise only where the database has to be asked: the other keys cost no turn of the event loop. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessTo(context);
    if (access === 'open') return true;
    const request = context.switchToHttp().getRequest<Request>();
    return traced(request.call, 'authenticate', () => this.authenticate(request, access));
  }

  private authenticate(request: Request, access: Access): boolean | Promise<boolean> {
    const digest = digestOf(presentedKey(request.headers));
    const known = this.keys.find(digest) ?? this.virtualKeys?.find(digest);
    return known instanceof Promise ? known.then((key) => admit(request, key, access)) : admit(request, known, access);
  }

  /** Looked up once for each handler: what is open does not change. */
  private accessTo(context: ExecutionContext): Access | 'open' {
    const handler = context.getHandler();
    let access = this.accesses.get(handler);
    if (access === undefined) {
      const places = [handler, context.getClass()];
      const isOpen = this.reflector.getAllAndOverride<boolean | undefined>(OPEN, places) === true;
      access = isOpen ? 'open' : (this.reflector.getAllAndOverride<Access | undefined>(ACCESS, places) ?? 'everyKey');
      this.accesses.set(handler, access);
    }
    return access;
  }
}

/** @throws GatewayError 401 where the key is not known or may not be used, 403 where it may not call the route */
function admit(request: Request, known: KnownKey | undefined, access: Access): boolean {
  if (!known) throw new GatewayError('wrongKey', 'The API key is not known here.');
  // The log names also those who are refused.
  request.call.caller = known.caller;
  const caller = ownerOf(known);
  if (!caller.isMaster && !mayCall(caller, request.path, access)) {
    const message = access === 'master' ? 'Only the master key may do this.' : 'This key may not call this route.';
    throw new GatewayError('routeNotAllowed', message);
  }
  return true;
}
