import type { Readable } from 'node:stream';
import type { EditImageDto } from '../images/openai/dto/edit-image.dto.js';
import type { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';

/** Whose account is used, and for how long; everything else comes from the environment, as for the service. */
export interface AccountOptions {
  /** Recraft's key; `RECRAFT_API_KEY` where absent. */
  readonly api_key?: string;
  /** Recraft's address; `RECRAFT_API_BASE` where absent. */
  readonly api_base?: string;
  /** Ends the call, and the work for it. */
  readonly signal?: AbortSignal;
}

/** Fields that are not listed go to Recraft as they are. */
type OtherFields = Readonly<Record<string, unknown>>;

/** The service's fields by the same names. */
export type GenerationOptions = Omit<GenerateImageDto, 'stream'> & AccountOptions & OtherFields;

/** A picture to change: its bytes, a file that is read, or an https or data URL. */
export type PictureInput = Uint8Array | Blob | Readable | string;

/** As GenerationOptions, with the one picture to change, alone or in a list. */
export type EditOptions = Omit<EditImageDto, 'stream'> &
  AccountOptions &
  OtherFields & { readonly image: PictureInput | readonly PictureInput[] };

export interface Picture {
  readonly image_id?: string;
  readonly url?: string;
  readonly b64_json?: string;
  readonly revised_prompt?: string;
}

export interface Images {
  /** Unix seconds. */
  readonly created: number;
  readonly data: readonly Picture[];
  /** What Recraft charged, in API units of which 1,000 are one US dollar. */
  readonly credits?: number;
  readonly style_id?: string;
}
