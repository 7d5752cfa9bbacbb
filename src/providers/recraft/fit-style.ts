import { GatewayError } from '../../errors/gateway-error.js';
import type { DrawingRequest } from '../../images/image-request.js';
import { drawnBy, RECRAFT_MODELS, type RecraftModel } from './catalogue.js';
import { styleReferenceField, SUBSTYLES, type ModelLine } from './styles.js';

/**
 * Checks a request's styles by the model's line. A name that no model is known to have is let through: Recraft adds
 * styles, and what it refuses costs nothing.
 *
 * @throws GatewayError naming `style`, `substyle`, `style_id` or the field of the style references
 */
export function checkStyle(card: RecraftModel, request: DrawingRequest): void {
  if (request.style !== undefined) checkName(card, request.style);
  if (request.substyle !== undefined) checkSubstyle(card, request.style, request.substyle);
  checkCustomStyle(card, request);
  checkStyleMatch(card, 'style_match', request.extra['style_match']);
}

/** How closely a style can be followed, by line: what a model does not support is refused (recraft-api.md §6.1). */
const STYLE_MATCHES: Readonly<Record<ModelLine, readonly string[]>> = {
  v2: ['regular'],
  v3: ['regular'],
  v4: ['precise', 'flexible'],
};

/** @throws GatewayError naming `param` where the model does not follow a style in this way; other values are left alone */
export function checkStyleMatch({ line, displayName }: RecraftModel, param: string, value: unknown): void {
  const isKnown = typeof value === 'string' && Object.values(STYLE_MATCHES).flat().includes(value);
  if (!isKnown || STYLE_MATCHES[line].includes(value)) return;
  const message = `${displayName} does not have the ${param} '${value}'. It takes ${STYLE_MATCHES[line].join(', ')}.`;
  throw new GatewayError('unsupportedValue', message, { param });
}

function checkName(card: RecraftModel, style: string): void {
  if (card.line === 'v4') {
    if (style !== card.baseStyle) {
      throw unsupported('style', style, card, modelsWithStyle(style), 'It takes no style names.');
    }
    return;
  }
  if (drawnBy(card, style).styles.has(style)) return;
  const owners = modelsWithStyle(style);
  if (owners.length > 0) throw unsupported('style', style, card, owners);
}

function checkSubstyle(card: RecraftModel, style: string | undefined, substyle: string): void {
  if (card.line === 'v4') {
    throw unsupported('substyle', substyle, card, modelsWithSubstyle(substyle), 'It takes no substyles.');
  }
  if (!lineHasSubstyle(card.line, substyle)) {
    const owners = modelsWithSubstyle(substyle);
    if (owners.length > 0) throw unsupported('substyle', substyle, card, owners);
    return;
  }
  // Only the older style names have substyles of their own; a wrong pair is an error (recraft-api.md §6.3).
  if (style !== undefined && SUBSTYLES[card.line].get(style)?.includes(substyle) === false) {
    const message = `The substyle '${substyle}' does not belong to the style '${style}'.`;
    throw new GatewayError('unsupportedValue', message, { param: 'substyle' });
  }
}

function checkCustomStyle(card: RecraftModel, request: DrawingRequest): void {
  const references = styleReferenceField(request);
  if (request.styleId !== undefined) {
    const rival = request.style === undefined ? references : 'style';
    if (rival !== undefined) {
      throw new GatewayError('unsupportedParameter', `'style_id' and '${rival}' exclude each other.`, {
        param: 'style_id',
      });
    }
  }
  const given = request.styleId === undefined ? references : 'style_id';
  if (card.customStyle === 'refused' && given !== undefined) {
    throw new GatewayError('unsupportedParameter', `${card.displayName} takes no custom styles.`, { param: given });
  }
  if (card.customStyle === 'required' && given === undefined) {
    const message = `${card.displayName} needs a style: 'style_id', 'style_references' or 'style_reference_urls'.`;
    throw new GatewayError('missingParameter', message, { param: 'style_id' });
  }
}

function modelsWithStyle(style: string): readonly string[] {
  return RECRAFT_MODELS.filter((card) => card.styles.has(style)).map((card) => card.id);
}

/** Every model of a line that knows the substyle: on V2 and V3 the style decides between raster and vector. */
function modelsWithSubstyle(substyle: string): readonly string[] {
  return RECRAFT_MODELS.filter((card) => lineHasSubstyle(card.line, substyle)).map((card) => card.id);
}

function lineHasSubstyle(line: ModelLine, substyle: string): boolean {
  return Array.from(SUBSTYLES[line].values()).some((substyles) => substyles.includes(substyle));
}

function unsupported(
  param: 'style' | 'substyle',
  value: string,
  card: RecraftModel,
  owners: readonly string[],
  reason = '',
): GatewayError {
  const sentences = [
    `${card.displayName} does not have the ${param} '${value}'.`,
    reason,
    owners.length > 0 ? `Models that have it: ${owners.join(', ')}.` : '',
  ];
  return new GatewayError('unsupportedValue', sentences.filter((sentence) => sentence !== '').join(' '), { param });
}
