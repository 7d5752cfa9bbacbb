import type { ImageRequest } from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { drawnBy, findModel } from './catalogue.js';
import { OPERATIONS } from './operations.js';
import { MICRO_DOLLARS_PER_UNIT } from './charge.js';
import { styleReferenceField } from './styles.js';

/** Style references make a private style on the way: 5 units a request, however many pictures (recraft-api.md §5.1). */
const STYLE_FROM_REFERENCES_MICRO_DOLLARS = 5_000;

/**
 * What a request will cost, in micro-dollars, before it is sent; undefined where nobody knows it.
 * A price that the operator set for the deployment stands alone for what its model draws: the catalogue adds nothing to
 * it. Work without a model has Recraft's price for the operation.
 *
 * An edited picture costs what a generated one does. Recraft publishes that for V3 (40 and 80 units); for the V4 line
 * it is inferred (recraft-api.md §7).
 */
export function price(request: ImageRequest, deployment: Deployment): number | undefined {
  const { units, hasModel } = OPERATIONS[request.operation];
  if (hasModel && deployment.microDollarsPerImage !== undefined) return deployment.microDollarsPerImage * request.count;
  const card = hasModel ? findModel(deployment.model) : undefined;
  if (hasModel && card === undefined) return undefined;
  const each = units(card && drawnBy(card, 'style' in request ? request.style : undefined));
  if (each === undefined) return undefined;
  const pictures = each * MICRO_DOLLARS_PER_UNIT * request.count;
  return styleReferenceField(request) === undefined ? pictures : pictures + STYLE_FROM_REFERENCES_MICRO_DOLLARS;
}
