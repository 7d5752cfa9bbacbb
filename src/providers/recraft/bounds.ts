import { GatewayError } from '../../errors/gateway-error.js';

/** @throws GatewayError naming `param` where the value is no whole number from `min` to `max` */
export function checkWhole(param: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value)) {
    throw new GatewayError('invalidType', `'${param}' must be a whole number.`, { param });
  }
  checkRange(param, value, min, max);
}

/** @throws GatewayError naming `param` where the value is not from `min` to `max` */
export function checkRange(param: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  const fault = value > max ? 'aboveMaximum' : 'belowMinimum';
  throw new GatewayError(fault, `'${param}' must be from ${min} to ${max}; this request has ${value}.`, { param });
}
