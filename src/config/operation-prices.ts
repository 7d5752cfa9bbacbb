import { type OperationPrices, UNPRICED_OPERATIONS } from '../images/unpriced-operations.js';
import { isBlock } from './checks.js';

const MICRO_DOLLARS = 1_000_000;

const NAMES: ReadonlySet<string> = new Set(UNPRICED_OPERATIONS);

/**
 * Reads `{"explore": 0.14}`: US dollars of a request, by operation. Undefined where the text is something else, or names
 * an operation whose price is published.
 */
export function findOperationPrices(text: string): OperationPrices | undefined {
  const prices = parsed(text);
  if (!isBlock(prices)) return undefined;
  const rows = Object.entries(prices);
  if (!rows.every(([name, price]) => NAMES.has(name) && isPrice(price))) return undefined;
  return Object.fromEntries(rows.map(([name, price]) => [name, Math.round(Number(price) * MICRO_DOLLARS)]));
}

function isPrice(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // What is no JSON is no price either; the caller says what is wanted.
  }
}
