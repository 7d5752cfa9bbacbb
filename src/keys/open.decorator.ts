import { SetMetadata } from '@nestjs/common';

export const OPEN = Symbol('open');

/** Marks a route or controller that answers without a key. */
export const Open = () => SetMetadata(OPEN, true);
