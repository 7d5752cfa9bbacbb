/** What a model can do and what it costs: one row of a provider's catalogue. */
export interface ModelCard {
  /** The provider's own name for the model, for instance `recraftv4_1`. */
  readonly id: string;
  readonly displayName: string;
  /** Unix seconds of the model's release, for `GET /v1/models`. */
  readonly released: number;
  readonly output: 'raster' | 'vector';
  /** Price of one generated picture in micro-dollars (1 API unit is 1,000). */
  readonly microDollarsPerImage: number;
  /** Longest prompt, in characters. */
  readonly promptMax: number;
  /** Most pictures in one request. */
  readonly countMax: number;
  /** Pixel sizes by aspect (`{'16:9': '1344x768'}`); a vector model has aspects alone. */
  readonly sizes: ReadonlyMap<string, string | undefined>;
  /** Operations the model takes part in. */
  readonly operations: readonly string[];
  /** Operations that are always done by this model: no request chooses another. */
  readonly alwaysDoes?: readonly string[];
  /** Curated style names the model knows, in both spellings; empty: the model takes no style names. */
  readonly styles: ReadonlySet<string>;
  /** The one style name, that of its own output, which a model without curated styles takes. */
  readonly baseStyle?: string;
  /** Whether `style_id` or style references are refused, welcome or compulsory. */
  readonly customStyle: 'refused' | 'allowed' | 'required';
  /** Extras beyond prompt, size and colours. */
  readonly features: {
    readonly negativePrompt: boolean;
    readonly textLayout: boolean;
    readonly artisticLevel: boolean;
    readonly noText: boolean;
  };
}
