import type { AliasTarget } from './config-shape.js';
import type { ModelAlias } from './settings.js';

/**
 * Names that clients hard-code. The clients of the GPT image names read base64 alone, because that is all OpenAI answers
 * there (openai-images.md §2.5); those of the DALL·E names ask for what they need.
 */
const BASE64_NAMES = [
  'gpt-image-1',
  'gpt-image-1-mini',
  'gpt-image-1.5',
  'gpt-image-2',
  'gpt-image-2-2026-04-21',
  'gpt-image-2.5-sunburst',
  'gpt-image-2.5-sunburst-2026-09-08',
  'gpt-image-2.5-flare',
  'gpt-image-2.5-flare-2026-09-08',
  'gpt-image-2.6-sunburst',
  'gpt-image-2.6-flare',
  'chatgpt-image-latest',
];
const DALL_E_NAMES = ['dall-e-3', 'dall-e-2'];

/** All of them: the built-in aliases. */
export const OPENAI_NAMES: readonly string[] = [...BASE64_NAMES, ...DALL_E_NAMES];

/** The built-in aliases, which stand for the default model, and the configured ones over them; later maps go first. */
export function readAliases(
  defaultModel: string,
  ...configured: readonly (Readonly<Record<string, AliasTarget>> | undefined)[]
): ReadonlyMap<string, ModelAlias> {
  return new Map<string, ModelAlias>([
    ...BASE64_NAMES.map((name) => [name, { model: defaultModel, defaults: { response_format: 'b64_json' } }] as const),
    ...DALL_E_NAMES.map((name) => [name, { model: defaultModel, defaults: {} }] as const),
    ...configured
      .flatMap((aliases = {}) => Object.entries(aliases))
      .map(([name, target]) => [name, toAlias(target)] as const),
  ]);
}

/** Names that lead back to themselves, each as a problem. A name of the model list ends the search before its alias. */
export function aliasLoops(aliases: ReadonlyMap<string, ModelAlias>, groups: ReadonlySet<string>): string[] {
  const loops = [...aliases.keys()].map((name) => {
    const trail = [name];
    let next = groups.has(name) ? undefined : aliases.get(name)?.model;
    while (next !== undefined && !trail.includes(next)) {
      trail.push(next);
      next = groups.has(next) ? undefined : aliases.get(next)?.model;
    }
    return next === name ? `the model alias ${name} leads back to itself: ${[...trail, name].join(' → ')}` : undefined;
  });
  return loops.filter((loop) => loop !== undefined);
}

function toAlias(target: AliasTarget): ModelAlias {
  const { model, hidden = false } = typeof target === 'string' ? { model: target } : target;
  return { model, defaults: {}, ...(hidden && { hidden }) };
}
