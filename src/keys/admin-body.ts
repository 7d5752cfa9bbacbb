import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import type { Request, Response } from 'express';
import { prepareBody } from '../images/body.js';
import { BodyReader } from '../uploads/body-reader.js';
import { refuseOtherFields } from '../validation/declared-fields.js';

const cleared = new WeakMap<Request, ReadonlySet<string>>();

/**
 * A guard that reads the JSON body of an administrative request. Fields that its DTO does not have are refused, and those
 * that are `null` are set aside: they are to be taken away.
 */
export function AdminBody(dtoClass: new () => object): Type<CanActivate> {
  @Injectable()
  class Guard implements CanActivate {
    constructor(@Inject(BodyReader) private readonly reader: BodyReader) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const http = context.switchToHttp();
      const request = http.getRequest<Request>();
      const response = http.getResponse<Response>();
      const body = await this.reader.readJson(request, response);
      response.once('close', () => void body.dispose());
      const names = Object.keys(body.fields);
      request.body = prepareBody(body.fields);
      refuseOtherFields(dtoClass, names);
      cleared.set(request, new Set(names.filter((name) => body.fields[name] === null)));
      return true;
    }
  }
  return Guard;
}

/** The fields of the body that are `null`. */
export function clearedIn(request: Request): ReadonlySet<string> {
  return cleared.get(request) ?? new Set();
}
