import { GatewayError } from '../../errors/gateway-error.js';
import type { DocumentOperation } from '../../images/image-provider.js';
import type { Operation } from '../../images/image-request.js';
import { RECRAFT_MODELS, type RecraftModel } from './catalogue.js';
import { OPERATIONS } from './operations.js';

/** @throws GatewayError naming `model` where it does not take part in the operation */
export function checkOperation(card: RecraftModel, operation: Operation | DocumentOperation): void {
  if (card.operations.includes(operation)) return;
  const able = RECRAFT_MODELS.filter(({ operations }) => operations.includes(operation)).map(({ id }) => id);
  const message = `${card.displayName} does not take part in ${routeOf(operation)}. Models that do: ${able.join(', ')}.`;
  throw new GatewayError('unsupportedValue', message, { param: 'model' });
}

/** The name that callers know an operation by. */
function routeOf(operation: Operation | DocumentOperation): string {
  if (operation === 'createStyle') return '/v1/styles';
  return operation in OPERATIONS ? OPERATIONS[operation as Operation].path : operation;
}

/** @throws GatewayError naming `prompt` where it is empty, or longer than the model takes */
export function checkPrompt(card: RecraftModel, prompt: string): void {
  if (!/\S/.test(prompt)) throw new GatewayError('missingParameter', 'The prompt is empty.', { param: 'prompt' });
  if (!isLongerThan(card.promptMax, prompt)) return;
  const message = `The prompt is too long: ${card.displayName} takes at most ${card.promptMax} characters.`;
  throw new GatewayError('tooLong', message, { param: 'prompt' });
}

/** Counts characters, not UTF-16 units, and only where the two could disagree. */
function isLongerThan(max: number, text: string): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || Array.from(text).length > max;
}
