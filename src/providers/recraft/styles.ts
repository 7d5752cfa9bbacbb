import type { ImageRequest } from '../../images/image-request.js';

const list = (names: string): readonly string[] => names.split(', ');

/** Curated style names by model (recraft-api.md §6.2), and last in each list the older names that still answer (§6.3). */
const CURATED: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'recraftv3',
    list(
      'Recraft V3 Raw, ' +
        'Photorealism, Enterprise, Natural light, Studio photo, HDR, Hard flash, Motion blur, Black & white, ' +
        'Evening light, Faded Nostalgia, Forest life, Mystic Naturalism, Natural Tones, Organic Calm, ' +
        'Real-Life Glow, Retro Realism, Retro Snapshot, Urban Drama, Village Realism, Warm Folk, Product photo, ' +
        'Illustration, Hand-drawn, Grain, Bold Sketch, Pencil sketch, Retro Pop, Clay, Risograph, Color engraving, ' +
        'Pixel art, Antiquarian, Bold fantasy, Child book, Cover, Crosshatch, Digital engraving, Expressionism, ' +
        'Freehand details, Grain 2.0, Graphic intensity, Hard Comics, Long shadow, Modern Folk, Multicolor, ' +
        'Neon Calm, Noir, Nostalgic pastel, Outline details, Pastel gradient, Pastel sketch, Pop art, ' +
        'Pop renaissance, Street art, Tablet sketch, Urban Glow, Urban sketching, Young adult book, ' +
        'Young adult book 2, Seamless Digital, ' +
        'Prestige Emblem, Pop Graphic, Stamp, Punk Graphic, Vintage Emblem, ' +
        'any, realistic_image, digital_illustration, logo_raster',
    ),
  ],
  [
    'recraftv3_vector',
    list(
      'Vector art, Line art, Linocut, Color blobs, Engraving, Bold stroke, Chemistry, Colored stencil, Cosmics, ' +
        'Cutout, Depressive, Editorial, Emotional flat, Marker outline, Mosaic, Naivector, Roundish flat, ' +
        'Segmented Colors, Sharp contrast, Thin, Vector Photo, Vivid shapes, Seamless Vector, ' +
        'vector_illustration',
    ),
  ],
  [
    'recraftv2',
    list(
      'Photorealism, Enterprise, Natural light, Studio photo, HDR, Hard flash, Motion blur, Black & white, ' +
        'Product photo, ' +
        'Illustration, 3D render, Glow, Watercolor, Hand-drawn, Kawaii, Grain, Bold Sketch, Pencil sketch, ' +
        "Retro Pop, Clay, Risograph, Psychedelic, Seamless Digital, Color engraving, Pixel art, 80's, Voxel art, " +
        'any, realistic_image, digital_illustration',
    ),
  ],
  [
    'recraftv2_vector',
    list(
      'Vector art, Line art, Linocut, Cartoon, Flat 2.0, Color blobs, Vector Kawaii, Doodle Line art, ' +
        'Seamless Vector, Engraving, ' +
        'Icon, Outline, Pictogram, Colored outline, Doodle, Colored shape, Gradient outline, Offset doodle, ' +
        'Gradient shape, Broken line, Offset fill, ' +
        'vector_illustration, icon',
    ),
  ],
]);

/** The style names of a model; empty where the model takes none. */
export function stylesOf(model: string): ReadonlySet<string> {
  return new Set(CURATED.get(model));
}

export type ModelLine = 'v2' | 'v3' | 'v4';

/** Substyles by line and older style name (recraft-api.md §6.3). The V4 line has none. */
export const SUBSTYLES: Readonly<Record<ModelLine, ReadonlyMap<string, readonly string[]>>> = {
  v2: new Map([
    ['realistic_image', list('b_and_w, enterprise, hard_flash, hdr, motion_blur, natural_light, studio_portrait')],
    [
      'digital_illustration',
      list(
        '2d_art_poster, 2d_art_poster_2, 3d, 80s, engraving_color, glow, grain, hand_drawn, hand_drawn_outline, ' +
          'handmade_3d, infantile_sketch, kawaii, pixel_art, plastic, psychedelic, seamless, voxel, watercolor',
      ),
    ],
    [
      'vector_illustration',
      list('cartoon, doodle_line_art, engraving, flat_2, kawaii, line_art, line_circuit, linocut, seamless'),
    ],
    [
      'icon',
      list(
        'broken_line, colored_outline, colored_shapes, colored_shapes_gradient, doodle_fill, doodle_offset_fill, ' +
          'offset_fill, outline, outline_gradient, pictogram',
      ),
    ],
  ]),
  v3: new Map([
    [
      'realistic_image',
      list(
        'b_and_w, enterprise, evening_light, faded_nostalgia, forest_life, hard_flash, hdr, motion_blur, ' +
          'mystic_naturalism, natural_light, natural_tones, organic_calm, real_life_glow, retro_realism, ' +
          'retro_snapshot, studio_portrait, urban_drama, village_realism, warm_folk',
      ),
    ],
    [
      'digital_illustration',
      list(
        '2d_art_poster, 2d_art_poster_2, antiquarian, bold_fantasy, child_book, cover, crosshatch, ' +
          'digital_engraving, engraving_color, expressionism, freehand_details, grain, grain_20, graphic_intensity, ' +
          'hand_drawn, hand_drawn_outline, handmade_3d, hard_comics, infantile_sketch, long_shadow, modern_folk, ' +
          'multicolor, neon_calm, noir, nostalgic_pastel, outline_details, pastel_gradient, pastel_sketch, ' +
          'pixel_art, plastic, pop_art, pop_renaissance, seamless, street_art, tablet_sketch, urban_glow, ' +
          'urban_sketching, young_adult_book, young_adult_book_2',
      ),
    ],
    [
      'vector_illustration',
      list(
        'bold_stroke, chemistry, colored_stencil, cosmics, cutout, depressive, editorial, emotional_flat, ' +
          'engraving, line_art, line_circuit, linocut, marker_outline, mosaic, naivector, roundish_flat, seamless, ' +
          'segmented_colors, sharp_contrast, thin, vector_photo, vivid_shapes',
      ),
    ],
    ['logo_raster', list('emblem_graffiti, emblem_pop_art, emblem_punk, emblem_stamp, emblem_vintage')],
  ]),
  v4: new Map(),
};

const REFERENCE_FIELDS = ['style_references', 'style_reference_urls'] as const;

/**
 * The field in which a request carries style references, if it does.
 * Only generations take them (recraft-api.md §4.1); an empty list is none.
 */
export function styleReferenceField(request: ImageRequest): (typeof REFERENCE_FIELDS)[number] | undefined {
  if (request.operation !== 'generate') return undefined;
  const [reference] = request.styleReferences ?? [];
  if (reference)
    return reference.param.startsWith('style_reference_urls') ? 'style_reference_urls' : 'style_references';
  return REFERENCE_FIELDS.find((field) => {
    const value = request.extra[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
  });
}
