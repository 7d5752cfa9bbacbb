import type { DocumentOperation } from './image-provider.js';
import type { Operation } from './image-request.js';

/** Operations that Recraft publishes no price for (recraft-api.md §7): the operator can give them one. */
export const UNPRICED_OPERATIONS = ['explore', 'exploreSimilar', 'optimizeColors'] as const satisfies readonly (
  Operation | DocumentOperation
)[];

/** Micro-dollars of a request, by operation. */
export type OperationPrices = Readonly<Partial<Record<string, number>>>;

/** Whether an operation has no published price. */
export function isUnpriced(operation: string | undefined): boolean {
  return UNPRICED_OPERATIONS.some((unpriced) => unpriced === operation);
}
