import type { Request } from 'express';
import { withoutSecrets } from '../audit/masked.js';
import { GatewayError } from '../errors/gateway-error.js';
import { isLabel } from './dto/checks.js';

/** LiteLLM's header by which a service that holds the master key says for whom it acts (litellm.md §2.14). */
export const CHANGED_BY = 'litellm-changed-by';

export const LONGEST_ACTOR = 200;

/**
 * Who changes something, for the record: whom `litellm-changed-by` names, or else the caller. Whoever may change
 * something has the master key, so that the name is believed; a key that stands in it is masked, as in all of the record.
 *
 * @throws GatewayError `invalidValue` for a name that no record can hold
 */
export function actorOf({ call, headers }: Request): string {
  const named = headers[CHANGED_BY];
  if (named === undefined || named === '') return call.caller?.id ?? 'unknown';
  if (isLabel(named, LONGEST_ACTOR)) return withoutSecrets(named);
  throw new GatewayError(
    'invalidValue',
    `${CHANGED_BY} must be 1 to ${LONGEST_ACTOR} characters without control characters.`,
    { param: CHANGED_BY },
  );
}
