import { SetMetadata } from '@nestjs/common';

/** Who may call a route: every key; the master key alone; or, beside it, keys whose `allowed_routes` name the route. */
export type Access = 'everyKey' | 'master' | 'masterOrListed';

export const ACCESS = Symbol('access');

/**
 * Marks a route or controller that wants the master key.
 *
 * @param orListed lets a key in whose `allowed_routes` name the route, word for word: for a scraper that should not hold
 * the master key
 */
export const MasterOnly = ({ orListed = false } = {}) =>
  SetMetadata(ACCESS, (orListed ? 'masterOrListed' : 'master') satisfies Access);
