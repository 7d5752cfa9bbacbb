import { Refusal } from './answer.js';
import { checkTextLayout, readControls, type Colors } from './controls.js';
import { findModel, vectorOf, type Model, type Output } from './models.js';
import type { Order } from './order.js';
import { findSize, type Size } from './sizes.js';
import { allowsSubstyle, isLegacyStyle, outputOfStyle } from './styles.js';

/** What a route asks of its orders. */
export interface Terms {
  /** The only kind of picture the route makes. */
  readonly output?: Output;
  /** Work on a part of a picture, which Recraft V3 alone does; it takes no `strength` (recraft-api.md §5.3 to §5.5). */
  readonly edit?: 'inpaint' | 'outpaint' | 'replace background' | 'generate background';
  /** Whether it starts from a picture: then it takes `strength`, and no `size` and no style references. */
  readonly fromSource: boolean;
}

/** An order that passed, with what its checks found. */
export interface CheckedOrder {
  readonly order: Order;
  readonly model: Model;
  /** Undefined where the source picture decides. */
  readonly size: Size | undefined;
  readonly colors: Colors;
}

/**
 * Checks an order in the order of recraft-api.md §10: model, route, prompt, n, size, style; pictures come later.
 *
 * @throws Refusal in Recraft's words (recraft-api.md §9)
 */
export function checkOrder(order: Order, terms: Terms): CheckedOrder {
  const model = modelFor(order, terms);
  checkRoute(model, order, terms);
  checkPrompt(order.prompt, model);
  if (order.count < 1 || order.count > 6) throw new Refusal("Parameter 'n' must be between 1 and 6");
  const size = terms.fromSource ? undefined : sizeFor(order, model);
  checkStyle(order, model, terms);
  if (order.negativePrompt !== undefined && model.line === 'v4') {
    throw new Refusal(`${model.name} doesn't support negative prompt`);
  }
  checkTextLayout(order.textLayout);
  const colors = readControls(order.controls);
  checkStrength(order.strength, terms);
  return { order, model, size, colors };
}

/** The named or the default model; a vector style makes a V2 or V3 model draw vectors (recraft-api.md §3, recorded live). */
function modelFor(order: Order, terms: Terms): Model {
  const id = order.model ?? defaultModel(order, terms);
  const model = findModel(id);
  if (model === undefined) throw new Refusal(`Invalid model '${id}'`, 'invalid_model');
  const drawsVector = order.style !== undefined && outputOfStyle(model.line, order.style) === 'vector';
  return drawsVector && model.output === 'raster' ? vectorOf(model) : model;
}

/** A style that only V3 or V2 has leads there, V3 first (recraft-api.md §6.2); references lead to the Styles models. */
function defaultModel({ style, references }: Order, { output, fromSource, edit }: Terms): string {
  if (edit !== undefined) return 'recraftv3';
  if (style !== undefined && style !== 'any') {
    if (outputOfStyle('v3', style) !== undefined) return 'recraftv3';
    if (outputOfStyle('v2', style) !== undefined) return 'recraftv2';
  }
  const plain = !fromSource && references.length > 0 ? 'recraftv4_styles' : 'recraftv4_1';
  return output === 'vector' ? `${plain}_vector` : plain;
}

function checkRoute(model: Model, { style }: Order, { output, fromSource, edit }: Terms): void {
  if (edit !== undefined && model.line !== 'v3') throw new Refusal(`${model.name} doesn't support ${edit}`);
  if (output !== undefined && model.output !== output) {
    const drawn = style ?? (model.output === 'vector' ? 'vector_illustration' : 'any');
    throw new Refusal(`Style '${drawn}' is not a ${output} style`, 'invalid_image_type');
  }
  if (fromSource && !model.transforms) throw new Refusal(`${model.name} doesn't support image to image`);
}

function checkPrompt(prompt: string, { promptMax }: Model): void {
  const length = Array.from(prompt).length;
  if (length < 1 || length > promptMax) throw new Refusal(`prompt length should be in [1, ${promptMax}]`);
}

/** Without a size the real one lets the prompt decide; here it is square. */
function sizeFor({ size = '1:1' }: Order, model: Model): Size {
  const found = findSize(model.sizes, size);
  if (found === undefined) throw new Refusal(`${model.name} doesn't support ${size} image size`);
  return found;
}

function checkStyle(order: Order, model: Model, { fromSource }: Terms): void {
  const { style, substyle, styleId, styleMatch } = order;
  const references = fromSource ? 0 : order.references.length;
  if (style !== undefined && styleId !== undefined) throw new Refusal("'style' can't be used together with 'style_id'");
  if (styleId !== undefined && references > 0) {
    throw new Refusal("'style_id' can't be used together with style references");
  }
  if (references > 10) throw new Refusal('Number of images must be between 0 and 10');
  if (style !== undefined) checkStyleName(style, model);
  if (substyle !== undefined && !allowsSubstyle(model.line, style, substyle)) {
    throw new Refusal(`${model.name} doesn't support substyle '${substyle}'`);
  }
  const matches = model.line === 'v4' ? ['precise', 'flexible'] : ['regular'];
  if (styleMatch !== undefined && !matches.includes(styleMatch)) {
    throw new Refusal(`${model.name} doesn't support style match '${styleMatch}'`);
  }
  const custom = styleId !== undefined || references > 0;
  if (model.customStyle === 'required' && !custom) {
    throw new Refusal(`style references are required for model ${model.id}`);
  }
  if (model.customStyle === 'refused' && custom) throw new Refusal(`${model.name} doesn't support style references`);
}

function checkStyleName(style: string, model: Model): void {
  const output = outputOfStyle(model.line, style);
  const isNeutral = style === 'any' && model.line === 'v4' && model.output === 'raster';
  if (output === model.output || isNeutral) return;
  const isKnown = output !== undefined || isLegacyStyle(style);
  throw new Refusal(isKnown ? `${model.name} doesn't support style '${style}'` : `Invalid style ${style}`);
}

function checkStrength(strength: number | undefined, { fromSource, edit }: Terms): void {
  if (!fromSource || edit !== undefined) return;
  if (strength === undefined || strength < 0 || strength > 1) {
    throw new Refusal("Parameter 'strength' must be between 0 and 1");
  }
}
