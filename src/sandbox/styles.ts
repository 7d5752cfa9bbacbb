import { createHash } from 'node:crypto';
import type { Model, Output } from './models.js';

/**
 * The style names of V2 and V3 in both spellings: display names (recraft-api.md §6.2) and the legacy pairs of style and
 * substyle (§6.3). The V4 line knows none of them.
 */

type StyledLine = Exclude<Model['line'], 'v4'>;

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(',').map((name) => name.trim()));
}

const CURATED: Readonly<Record<StyledLine, Readonly<Record<Output, ReadonlySet<string>>>>> = {
  v3: {
    raster: names(`
      Photorealism, Enterprise, Natural light, Studio photo, HDR, Hard flash, Motion blur, Black & white,
      Evening light, Faded Nostalgia, Forest life, Mystic Naturalism, Natural Tones, Organic Calm,
      Real-Life Glow, Retro Realism, Retro Snapshot, Urban Drama, Village Realism, Warm Folk, Product photo,
      Illustration, Hand-drawn, Grain, Bold Sketch, Pencil sketch, Retro Pop, Clay, Risograph, Color engraving,
      Pixel art, Antiquarian, Bold fantasy, Child book, Cover, Crosshatch, Digital engraving, Expressionism,
      Freehand details, Grain 2.0, Graphic intensity, Hard Comics, Long shadow, Modern Folk, Multicolor,
      Neon Calm, Noir, Nostalgic pastel, Outline details, Pastel gradient, Pastel sketch, Pop art,
      Pop renaissance, Street art, Tablet sketch, Urban Glow, Urban sketching, Young adult book,
      Young adult book 2, Seamless Digital, Prestige Emblem, Pop Graphic, Stamp, Punk Graphic, Vintage Emblem,
      Recraft V3 Raw
    `),
    vector: names(`
      Vector art, Line art, Linocut, Color blobs, Engraving, Bold stroke, Chemistry, Colored stencil, Cosmics,
      Cutout, Depressive, Editorial, Emotional flat, Marker outline, Mosaic, Naivector, Roundish flat,
      Segmented Colors, Sharp contrast, Thin, Vector Photo, Vivid shapes, Seamless Vector
    `),
  },
  v2: {
    raster: names(`
      Photorealism, Enterprise, Natural light, Studio photo, HDR, Hard flash, Motion blur, Black & white,
      Product photo, Illustration, 3D render, Glow, Watercolor, Hand-drawn, Kawaii, Grain, Bold Sketch,
      Pencil sketch, Retro Pop, Clay, Risograph, Psychedelic, Seamless Digital, Color engraving, Pixel art,
      80's, Voxel art
    `),
    vector: names(`
      Vector art, Line art, Linocut, Cartoon, Flat 2.0, Color blobs, Vector Kawaii, Doodle Line art,
      Seamless Vector, Engraving, Icon, Outline, Pictogram, Colored outline, Doodle, Colored shape,
      Gradient outline, Offset doodle, Gradient shape, Broken line, Offset fill
    `),
  },
};

/** Legacy styles, each with the substyles it allows. */
const LEGACY: Readonly<Record<StyledLine, Readonly<Record<string, ReadonlySet<string>>>>> = {
  v3: {
    any: new Set(),
    realistic_image: names(`
      b_and_w, enterprise, evening_light, faded_nostalgia, forest_life, hard_flash, hdr, motion_blur,
      mystic_naturalism, natural_light, natural_tones, organic_calm, real_life_glow, retro_realism,
      retro_snapshot, studio_portrait, urban_drama, village_realism, warm_folk
    `),
    digital_illustration: names(`
      2d_art_poster, 2d_art_poster_2, antiquarian, bold_fantasy, child_book, cover, crosshatch,
      digital_engraving, engraving_color, expressionism, freehand_details, grain, grain_20, graphic_intensity,
      hand_drawn, hand_drawn_outline, handmade_3d, hard_comics, infantile_sketch, long_shadow, modern_folk,
      multicolor, neon_calm, noir, nostalgic_pastel, outline_details, pastel_gradient, pastel_sketch, pixel_art,
      plastic, pop_art, pop_renaissance, seamless, street_art, tablet_sketch, urban_glow, urban_sketching,
      young_adult_book, young_adult_book_2
    `),
    vector_illustration: names(`
      bold_stroke, chemistry, colored_stencil, cosmics, cutout, depressive, editorial, emotional_flat,
      engraving, line_art, line_circuit, linocut, marker_outline, mosaic, naivector, roundish_flat, seamless,
      segmented_colors, sharp_contrast, thin, vector_photo, vivid_shapes
    `),
    logo_raster: names(`
      emblem_graffiti, emblem_pop_art, emblem_punk, emblem_stamp, emblem_vintage
    `),
  },
  v2: {
    any: new Set(),
    realistic_image: names(`
      b_and_w, enterprise, hard_flash, hdr, motion_blur, natural_light, studio_portrait
    `),
    digital_illustration: names(`
      2d_art_poster, 2d_art_poster_2, 3d, 80s, engraving_color, glow, grain, hand_drawn, hand_drawn_outline,
      handmade_3d, infantile_sketch, kawaii, pixel_art, plastic, psychedelic, seamless, voxel, watercolor
    `),
    vector_illustration: names(`
      cartoon, doodle_line_art, engraving, flat_2, kawaii, line_art, line_circuit, linocut, seamless
    `),
    icon: names(`
      broken_line, colored_outline, colored_shapes, colored_shapes_gradient, doodle_fill, doodle_offset_fill,
      offset_fill, outline, outline_gradient, pictogram
    `),
  },
};

const LEGACY_VECTOR = new Set(['vector_illustration', 'icon']);

/** Display names that stand for a whole legacy style (recraft-api.md §6.3, end). */
const SAME_AS_LEGACY: Readonly<Record<string, string>> = {
  Photorealism: 'realistic_image',
  Illustration: 'digital_illustration',
  'Vector art': 'vector_illustration',
  Icon: 'icon',
};

/** What a style draws on a line of models; undefined where the line does not know the style. */
export function outputOfStyle(line: Model['line'], style: string): Output | undefined {
  if (line === 'v4') return undefined;
  if (Object.hasOwn(LEGACY[line], style)) return LEGACY_VECTOR.has(style) ? 'vector' : 'raster';
  if (CURATED[line].raster.has(style)) return 'raster';
  return CURATED[line].vector.has(style) ? 'vector' : undefined;
}

/** Whether the name is a legacy style, of whichever line: Recraft refuses those in other words than the rest. */
export function isLegacyStyle(style: string): boolean {
  return Object.hasOwn(LEGACY.v3, style) || Object.hasOwn(LEGACY.v2, style);
}

/** Whether a line has this substyle, under the given style or, without one, under any. */
export function allowsSubstyle(line: Model['line'], style: string | undefined, substyle: string): boolean {
  if (line === 'v4') return false;
  if (style === undefined) return Object.values(LEGACY[line]).some((substyles) => substyles.has(substyle));
  return LEGACY[line][SAME_AS_LEGACY[style] ?? style]?.has(substyle) ?? false;
}

/** A curated style as `GET /styles/basic` lists it. */
interface BasicStyle {
  readonly style_id: string;
  readonly style: string;
  readonly model: string;
}

/** Every curated style, with an id that stays the same. */
export const BASIC_STYLES: readonly BasicStyle[] = (['v3', 'v2'] as const).flatMap((line) =>
  (['raster', 'vector'] as const).flatMap((output) => {
    const model = output === 'vector' ? `recraft${line}_vector` : `recraft${line}`;
    return Array.from(CURATED[line][output], (style) => ({ style_id: idOf(`${model} ${style}`), style, model }));
  }),
);

function idOf(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digest.slice(from, to))
    .join('-');
}
