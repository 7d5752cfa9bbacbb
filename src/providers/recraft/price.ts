import type { ImageRequest } from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { drawnBy, findModel } from './catalogue.js';
import { styleReferenceField } from './styles.js';

/** Style references make a private style on the way: 5 units a request, however many pictures (recraft-api.md §5.1). */
const STYLE_FROM_REFERENCES_MICRO_DOLLARS = 5_000;

/**
 * What a request will cost, in micro-dollars, before it is sent; undefined where nobody knows the model's price.
 * A price that the operator set for the deployment stands alone: the catalogue adds nothing to it.
 *
 * An edited picture costs what a generated one does. Recraft publishes that for V3 (40 and 80 units); for the V4 line
 * it is inferred (recraft-api.md §7).
 */
export function price(request: ImageRequest, deployment: Deployment): number | undefined {
  if (deployment.microDollarsPerImage !== undefined) return deployment.microDollarsPerImage * request.count;
  const card = findModel(deployment.model);
  if (card === undefined) return undefined;
  const pictures = drawnBy(card, request.style).microDollarsPerImage * request.count;
  return styleReferenceField(request) === undefined ? pictures : pictures + STYLE_FROM_REFERENCES_MICRO_DOLLARS;
}
