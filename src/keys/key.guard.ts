import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { traced } from '../telemetry/call-trace.js';
import { CallerCheck } from './caller-check.js';
import { digestOf } from './key-digest.js';
import { ACCESS, type Access } from './master-only.decorator.js';
import { OPEN } from './open.decorator.js';
import { presentedKey } from './presented-key.js';

/** Lets a request in whose key is known and may call its route; before its body is read. */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly accesses = new WeakMap<object, Access | 'open'>();

  constructor(
    private readonly reflector: Reflector,
    private readonly callers: CallerCheck,
  ) {}

  /** A promise only where the database has to be asked: the other keys cost no turn of the event loop. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessTo(context);
    if (access === 'open') return true;
    const [request] = context.getArgs<[Request]>();
    return traced(request.call, 'authenticate', () => this.authenticate(request, access));
  }

  private authenticate(request: Request, access: Access): boolean | Promise<boolean> {
    const digest = digestOf(presentedKey(request.headers));
    const checking = this.callers.check(request.call, { digest, path: pathOf(request), access });
    return checking instanceof Promise ? checking.then(() => true) : true;
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

/** Without the query. What matched its route to the letter has none, and Express need not take the URL apart. */
function pathOf(request: Request): string {
  const { path } = request.route as { readonly path: string };
  return path === request.url ? path : request.path;
}
