import { GatewayError } from '../../errors/gateway-error.js';
import type { Controls } from '../../images/image-request.js';
import type { RecraftModel } from './catalogue.js';

/** Weights are sums of decimals: 0.1 and 0.2 and 0.7 are 1. */
const ROUNDING = 1e-9;

/**
 * Checks controls by what a model takes (recraft-api.md §3, §4.7): what it does not take would be paid for and have no
 * effect, or fail.
 *
 * @throws GatewayError naming the control
 */
export function checkControls({ features, displayName }: RecraftModel, controls: Controls | undefined): void {
  if (!controls) return;
  if (controls.artistic_level !== undefined && !features.artisticLevel) {
    throw featureMissing(displayName, 'controls.artistic_level');
  }
  if (controls.no_text !== undefined && !features.noText) throw featureMissing(displayName, 'controls.no_text');
  checkWeights(controls.colors ?? [], 'controls.colors');
}

export function featureMissing(model: string, param: string): GatewayError {
  return new GatewayError('unsupportedParameter', `${model} does not take ${param}.`, { param });
}

/**
 * Checks the weights of colours (recraft-api.md §4.7).
 *
 * @throws GatewayError naming `param`
 */
export function checkWeights(colors: readonly { readonly weight?: number }[], param: string): void {
  const weights = colors.map(({ weight }) => weight).filter((weight) => weight !== undefined);
  if (weights.length > 0 && weights.length < colors.length) {
    throw new GatewayError('invalidValue', 'Give a weight to every colour, or to none.', { param });
  }
  if (weights.reduce((sum, weight) => sum + weight, 0) > 1 + ROUNDING) {
    throw new GatewayError('invalidValue', 'The weights of the colours must be at most 1 together.', { param });
  }
}
