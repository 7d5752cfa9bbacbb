import type { PipeTransform } from '@nestjs/common';
import { coerceScalars, type ScalarKind } from '../uploads/form-scalars.js';
import { refuseOtherFields } from './declared-fields.js';
import { toDto } from './dto.pipe.js';

/** Checks a query string against its DTO class; `kinds` says which of its texts mean numbers and flags. */
export class QueryPipe<T extends object> implements PipeTransform<Readonly<Record<string, unknown>>, T> {
  constructor(
    private readonly dtoClass: new () => T,
    private readonly kinds: Readonly<Record<string, ScalarKind>> = {},
  ) {}

  transform(query: Readonly<Record<string, unknown>>): T {
    refuseOtherFields(this.dtoClass, Object.keys(query));
    return toDto(this.dtoClass, coerceScalars(query, this.kinds));
  }
}
