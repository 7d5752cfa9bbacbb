import { between, hashOf, type Random } from './random.js';

export type Rgb = readonly [number, number, number];

/** What a picture is painted with; all colours in `#rrggbb`. */
export interface Palette {
  /** Top and bottom of the backdrop. */
  readonly backdrop: readonly [string, string];
  readonly paints: readonly string[];
  /** Ground and colour of the lettering. */
  readonly paper: string;
  readonly ink: string;
}

/**
 * The look decides hue, spread, strength and whether it is day or night; chance only nudges the hue, so pictures of one
 * look belong together. Colours asked for by the caller come before those of the look.
 */
export function paletteOf(look: string, random: Random, asked: readonly Rgb[] = [], background?: Rgb): Palette {
  const traits = hashOf(look);
  const hue = (traits % 360) + between(random, -18, 18);
  const spread = [55, 110, 165, 240][(traits >>> 9) % 4] ?? 110;
  const chroma = 0.07 + ((traits >>> 12) % 5) * 0.022;
  const night = (traits >>> 17) % 3 === 0;
  const made = [0, 1, 2, 3, 4].map((step) =>
    oklch((night ? 0.5 : 0.58) + step * 0.075, chroma, hue + (spread * step) / 4),
  );
  return {
    backdrop: backdropOf(night, hue, chroma, background),
    paints: asked.length > 0 ? asked.map(hex) : made,
    paper: night ? oklch(0.2, 0.03, hue) : oklch(0.985, 0.01, hue),
    ink: night ? oklch(0.96, 0.02, hue) : oklch(0.24, 0.05, hue),
  };
}

function backdropOf(night: boolean, hue: number, chroma: number, asked: Rgb | undefined): readonly [string, string] {
  if (asked !== undefined) return [hex(asked), hex(asked)];
  return night
    ? [oklch(0.22, chroma * 0.6, hue + 40), oklch(0.38, chroma * 0.8, hue)]
    : [oklch(0.9, chroma * 0.45, hue + 60), oklch(0.965, chroma * 0.3, hue + 15)];
}

function hex(rgb: Rgb): string {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** A colour from the OKLCH space, where equal numbers look equally light and strong (Björn Ottosson's matrices). */
function oklch(lightness: number, chroma: number, hueDegrees: number): string {
  const angle = (hueDegrees * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return hex([
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]);
}

/** Linear light to an sRGB byte. */
function channel(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}
