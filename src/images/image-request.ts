/** A colour preference; `weight` is 0 to 1, given for all colours or for none. */
export interface ColorPreference {
  readonly rgb: readonly number[];
  readonly weight?: number;
}

export interface Controls {
  readonly colors?: readonly ColorPreference[];
  readonly background_color?: ColorPreference;
  readonly artistic_level?: number;
  readonly no_text?: boolean;
}

/** A picture sent along with a request, wherever its bytes are. */
export type SourceImage = UploadedImage | LinkedImage;

export interface UploadedImage {
  readonly kind: 'bytes';
  /** The field it came in, in the caller's spelling: what an error about it names. */
  readonly param: string;
  readonly bytes: number;
  /** The file's own kind, sniffed; undefined where the bytes are no picture known here. */
  readonly format: 'png' | 'jpeg' | 'webp' | 'svg' | 'gif' | 'avif' | 'heic' | 'tiff' | undefined;
  /** Pixels, as they are stored; undefined where the header could not be read. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** EXIF's number of the turn that a JPEG is shown with, 2 to 8; above 4 its width and height change places. */
  readonly orientation?: number | undefined;
  /** What was sent, in pixels, where another picture was made of it to fit. */
  readonly madeFrom?: { readonly width: number; readonly height: number };
  /** Its file ends in the middle, as far as that shows without decoding it. */
  readonly isCutShort?: boolean;
  /**
   * Opens the bytes from the start, in large chunks; can be called again for a second attempt. A chunk is valid until
   * the next one is asked for.
   */
  open(): AsyncIterable<Uint8Array>;
}

export interface LinkedImage {
  readonly kind: 'link';
  readonly param: string;
  /** A public http(s) URL, fetched by the provider and never by the gateway. */
  readonly url: string;
}

/**
 * What is wrong with the size of a mask over this picture, to be told; undefined where nothing is, or nobody knows.
 * A turned picture may be meant as it is stored or as it is shown.
 */
export function maskSizeProblem(mask: UploadedImage, image: SourceImage): string | undefined {
  if (image.kind === 'link' || image.format === 'svg' || image.width === undefined) return undefined;
  const { width, height = 0, orientation = 1 } = image;
  const isTurned = orientation > 4;
  if (mask.width === width && mask.height === height) return undefined;
  if (isTurned && mask.width === height && mask.height === width) return undefined;
  const wanted = `${width}x${height}${isTurned ? ` or, as the picture is shown, ${height}x${width}` : ''}`;
  return `The mask must have the picture's size; it has ${mask.width ?? '?'}x${mask.height ?? '?'}, and not ${wanted}.`;
}

/** What every request for pictures says. */
interface Common {
  /** How many pictures. */
  readonly count: number;
  /** `multipart`: files in a form where the provider sends one, else as `b64_json`. */
  readonly responseFormat: 'url' | 'b64_json' | 'multipart';
  readonly randomSeed?: number;
  /** File format; `svg` only where vectors are drawn. */
  readonly imageFormat?: 'png' | 'webp' | 'svg';
  /** The field that asks for a raster picture where nothing else will do: what draws SVGs is refused in its name. */
  readonly rasterOnly?: 'output_format';
  /** Fields this gateway does not know, by their wire names: handed to the provider as they came. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A request that is drawn from words. */
interface Drawing extends Common {
  readonly prompt: string;
  readonly style?: string;
  readonly substyle?: string;
  readonly styleId?: string;
  readonly negativePrompt?: string;
  readonly controls?: Controls;
  readonly textLayout?: readonly unknown[];
}

export interface GenerateRequest extends Drawing {
  readonly operation: 'generate';
  /** `WxH` or `w:h`; undefined: the model's own choice. */
  readonly size?: string;
  /** Refuses a model or style that draws the other kind. */
  readonly only?: 'raster' | 'vector';
  /** Pictures whose style the new ones take over. */
  readonly styleReferences?: readonly SourceImage[];
}

export interface ImageToImageRequest extends Drawing {
  readonly operation: 'imageToImage';
  readonly image: SourceImage;
  /** 0: almost the source; 1: barely like it. */
  readonly strength: number;
}

/** Draws on a part of a picture: what the mask shows in white. */
export interface MaskedRequest extends Drawing {
  readonly operation: 'inpaint' | 'generateBackground';
  readonly image: SourceImage;
  readonly mask: SourceImage;
}

/** Draws behind what the picture shows. */
export interface ReplaceBackgroundRequest extends Drawing {
  readonly operation: 'replaceBackground';
  readonly image: SourceImage;
}

/** Draws around a picture. */
export interface OutpaintRequest extends Drawing {
  readonly operation: 'outpaint';
  readonly image: SourceImage;
  /** Pixels to add on each side. */
  readonly expand: Readonly<Partial<Record<'left' | 'right' | 'top' | 'bottom', number>>>;
  /** `WxH` or `w:h` of the result. */
  readonly size?: string;
  /** 0 to below 100: how much smaller the source becomes first. */
  readonly zoomOutPercentage?: number;
}

/** Pictures like a picture, without words. */
export interface VariateRequest extends Common {
  readonly operation: 'variate';
  readonly image: SourceImage;
  /** `WxH` or `w:h`; undefined: the source's nearest. */
  readonly size?: string;
}

/** A set of sketches from words. */
export interface ExploreRequest extends Common {
  readonly operation: 'explore';
  readonly prompt: string;
  readonly size?: string;
  readonly controls?: Controls;
}

/** A set of sketches like one of an earlier set. */
export interface ExploreSimilarRequest extends Common {
  readonly operation: 'exploreSimilar';
  readonly sourceImageId: string;
  /** 1: a little like it; 5: extremely. */
  readonly similarity: number;
}

/** Works on one picture without drawing a new one, and answers with one. */
export interface RetouchRequest extends Common {
  readonly operation: 'vectorize' | 'removeBackground' | 'crispUpscale' | 'creativeUpscale' | 'enhance';
  readonly image: SourceImage;
}

/** Takes away what the mask shows in white. */
export interface EraseRequest extends Common {
  readonly operation: 'eraseRegion';
  readonly image: SourceImage;
  readonly mask: SourceImage;
}

/** What is wanted, with every default chosen: no HTTP and no vendor in it. */
export type ImageRequest =
  | GenerateRequest
  | ImageToImageRequest
  | MaskedRequest
  | ReplaceBackgroundRequest
  | OutpaintRequest
  | VariateRequest
  | ExploreRequest
  | ExploreSimilarRequest
  | RetouchRequest
  | EraseRequest;

/** Requests with all that words can ask for. */
export type DrawingRequest =
  GenerateRequest | ImageToImageRequest | MaskedRequest | ReplaceBackgroundRequest | OutpaintRequest;

export type Operation = ImageRequest['operation'];
