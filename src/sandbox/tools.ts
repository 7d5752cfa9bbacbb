import { createHash } from 'node:crypto';
import { jsonAnswer, Refusal, type Answer } from './answer.js';
import { admit } from './answering.js';
import { pause, type Call } from './call.js';
import { Parameters } from './parameters.js';

const ENHANCE_UNITS = 10;
const LONGEST_PROMPT = 2000;

/** `POST /prompts/enhance` (recraft-api.md §5.9): the same words with some more, that say where they come from. */
export async function enhancePrompt(call: Call): Promise<Answer> {
  const prompt = new Parameters(call.fields).text('prompt') ?? '';
  const { length } = Array.from(prompt);
  if (length < 1 || length > LONGEST_PROMPT) throw new Refusal(`prompt length should be in [1, ${LONGEST_PROMPT}]`);
  admit(call, 0);
  await pause(call.state.settings.latencyMs, call.gone);
  const enhanced = `${prompt}, balanced composition, soft directional light, fine detail (simulated enhancement)`;
  return jsonAnswer(200, { enhanced_prompt: enhanced, credits: ENHANCE_UNITS }, ENHANCE_UNITS);
}

type Rgb = readonly [number, number, number];

/** `POST /colors/optimize` (recraft-api.md §5.10): keeps distinct colours, the others become the nearest of them. Free. */
export function optimizeColors({ fields }: Call): Answer {
  const parameters = new Parameters(fields);
  const colors = readColors(parameters.nested('colors'));
  const limit = parameters.integer('num_colors_limit') ?? 0;
  if (limit < 1) throw new Refusal("Parameter 'num_colors_limit' must be at least 1");
  const kept = distinctColors(colors, limit);
  const nearest = (rgb: Rgb): string =>
    kept.reduce(
      (best, color) => (distance(rgb, color.rgb) < distance(rgb, best.rgb) ? color : best),
      kept[0] ?? { hex: '', rgb, weight: 0 },
    ).hex;
  return jsonAnswer(200, { mapping: colors.map(({ hex, rgb }) => ({ from: hex, to: nearest(rgb) })), credits: 0 });
}

interface Color {
  readonly hex: string;
  readonly rgb: Rgb;
  readonly weight: number;
}

/** The heaviest colour, then whatever stands out most beside those that are kept: by its distance to them, and its weight. */
function distinctColors(colors: readonly Color[], limit: number): Color[] {
  const left = colors.toSorted((one, other) => other.weight - one.weight);
  const kept = left.splice(0, 1);
  while (kept.length < limit && left.length > 0) {
    const gains = left.map(({ rgb, weight }) => weight * Math.min(...kept.map((color) => distance(rgb, color.rgb))));
    kept.push(...left.splice(gains.indexOf(Math.max(...gains)), 1));
  }
  return kept;
}

function readColors(value: unknown): Color[] {
  if (!Array.isArray(value) || value.length === 0) throw new Refusal("Parameter 'colors' is required");
  return value.map((entry: unknown) => {
    const { hex, weight = 1 } = (entry ?? {}) as { hex?: unknown; weight?: unknown };
    const [, red = '', green = '', blue = ''] = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(String(hex)) ?? [];
    if (red === '') throw new Refusal(`invalid color '${String(hex)}'`);
    const rgb: Rgb = [parseInt(red, 16), parseInt(green, 16), parseInt(blue, 16)];
    return { hex: String(hex), rgb, weight: Number(weight) };
  });
}

function distance(one: Rgb, other: Rgb): number {
  return one.reduce((sum, value, channel) => sum + (value - (other[channel] ?? 0)) ** 2, 0);
}

/** A seed for what depends on an id alone. */
export function seedOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0);
}
