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
  readonly format: 'png' | 'jpeg' | 'webp' | 'svg' | 'gif' | undefined;
  /** Pixels; undefined where the header could not be read. */
  readonly width: number | undefined;
  readonly height: number | undefined;
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

interface Common {
  readonly prompt: string;
  /** How many pictures. */
  readonly count: number;
  readonly responseFormat: 'url' | 'b64_json';
  readonly style?: string;
  readonly substyle?: string;
  readonly styleId?: string;
  readonly negativePrompt?: string;
  readonly controls?: Controls;
  readonly textLayout?: readonly unknown[];
  readonly randomSeed?: number;
  /** File format; `svg` only where the model draws vectors. */
  readonly imageFormat?: 'png' | 'webp' | 'svg';
  /** Fields this gateway does not know, by their wire names: handed to the provider as they came. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface GenerateRequest extends Common {
  readonly operation: 'generate';
  /** `WxH` or `w:h`; undefined: the model's own choice. */
  readonly size?: string;
}

export interface ImageToImageRequest extends Common {
  readonly operation: 'imageToImage';
  readonly image: SourceImage;
  /** 0: almost the source; 1: barely like it. */
  readonly strength: number;
}

/** What is wanted, with every default chosen: no HTTP and no vendor in it. */
export type ImageRequest = GenerateRequest | ImageToImageRequest;

export type Operation = ImageRequest['operation'];
