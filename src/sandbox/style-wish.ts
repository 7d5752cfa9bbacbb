import { Refusal } from './answer.js';
import type { Fields } from './body.js';
import { findModel, type Model } from './models.js';
import type { SourceRef } from './order.js';
import { Parameters } from './parameters.js';

/** A style that is asked for, its fields checked; its pictures come later. */
export interface StyleWish {
  readonly model: Model;
  readonly style: string | undefined;
  readonly match: string | undefined;
  readonly pictures: readonly SourceRef[];
}

const MOST_PICTURES = 10;

/**
 * Reads and checks the fields of recraft-api.md §6.1. Recraft's words for most of these refusals are recorded nowhere;
 * these follow the pattern of the others (§9).
 *
 * @throws Refusal
 */
export function readStyleWish(fields: Fields): StyleWish {
  const parameters = new Parameters(fields);
  const model = modelFor(parameters);
  checkPrompt(parameters, model);
  const match = parameters.text('match');
  const matches = model.line === 'v4' ? ['precise', 'flexible'] : ['regular'];
  if (match !== undefined && !matches.includes(match))
    throw new Refusal(`${model.name} doesn't support match '${match}'`);
  const style = parameters.text('style');
  if (style !== undefined && !isBaseStyle(style, model))
    throw new Refusal(`${model.name} doesn't support style '${style}'`);
  const sources = sourcesFor(parameters, model);
  const pictures = [...fields.files, ...parameters.texts('image_urls').map((url) => ({ url }))];
  if (pictures.length > MOST_PICTURES) throw new Refusal('Number of images must be between 0 and 10');
  if (pictures.length === 0 && sources.length === 0)
    throw new Refusal('at least one of images, image_urls, source_styles is required');
  checkWeights(parameters, 'image_weights', pictures.length);
  checkWeights(parameters, 'source_style_weights', sources.length);
  return { model, style, match, pictures };
}

function modelFor(parameters: Parameters): Model {
  const id = parameters.text('model') ?? 'recraftv4_styles';
  const model = findModel(id);
  if (model === undefined) throw new Refusal(`Invalid model '${id}'`, 'invalid_model');
  if (model.customStyle === 'refused') throw new Refusal(`${model.name} doesn't support style references`);
  return model;
}

function checkPrompt(parameters: Parameters, { promptMax }: Model): void {
  const length = Array.from(parameters.text('prompt') ?? '').length;
  if (length > promptMax) throw new Refusal(`prompt length should be in [1, ${promptMax}]`);
}

/** Vector styles go with V2 and V3 raster models too: there the style decides what is drawn (recraft-api.md §3). */
function isBaseStyle(style: string, { line, output }: Model): boolean {
  const ofVectors = style === 'vector_illustration' || (style === 'icon' && line === 'v2');
  if (line === 'v4') return output === 'vector' ? style === 'vector_illustration' : style === 'any';
  if (ofVectors) return true;
  if (output === 'vector') return false;
  return ['any', 'realistic_image', 'digital_illustration', ...(line === 'v3' ? ['logo_raster'] : [])].includes(style);
}

function sourcesFor(parameters: Parameters, { line, name }: Model): readonly string[] {
  const sources = parameters.texts('source_styles');
  const mixing = sources.length > 0 || parameters.text('mix_policy') !== undefined;
  if (line === 'v4' && mixing) throw new Refusal(`${name} doesn't support source styles`);
  return sources;
}

function checkWeights(parameters: Parameters, name: string, count: number): void {
  const weights = parameters.nested(name);
  if (weights === undefined) return;
  if (!Array.isArray(weights)) throw new Refusal(`Parameter '${name}' must be an array of numbers`);
  if (weights.length > 0 && weights.length !== count) throw new Refusal(`Number of '${name}' must be ${count}`);
}
