/** What can be turned on a running sandbox. */
export interface SandboxSettings {
  /** How long a picture takes to make, in milliseconds. */
  readonly latencyMs: number;
  /** Requests a second from one token; 0: any number. Recraft's own limit is 5 (recraft-api.md §8). */
  readonly requestsPerSecond: number;
  /** Pictures a minute for one token; 0: any number. Recraft's own limit is 100 (recraft-api.md §8). */
  readonly imagesPerMinute: number;
  /** Balance of the account in API units; 1,000 units are one US dollar. */
  readonly credits: number;
  /** How long a picture's URL works, in milliseconds. */
  readonly urlLifetimeMs: number;
  /** Tokens that are let in; undefined: any that is not empty. */
  readonly apiKeys?: readonly string[] | undefined;
}

export type NumericSetting = Exclude<keyof SandboxSettings, 'apiKeys'>;

export const DEFAULT_SETTINGS: SandboxSettings = {
  latencyMs: 0,
  requestsPerSecond: 5,
  imagesPerMinute: 100,
  credits: 100_000,
  urlLifetimeMs: 24 * 60 * 60 * 1000,
};

export const NUMERIC_SETTINGS: readonly NumericSetting[] = [
  'latencyMs',
  'requestsPerSecond',
  'imagesPerMinute',
  'credits',
  'urlLifetimeMs',
];

/** Timers cannot wait longer than this many milliseconds, and no setting needs a larger number. */
export const LARGEST_SETTING = 2 ** 31 - 1;

/** Says what is wrong with a number meant as a setting; undefined where nothing is. */
export function problemWith(value: unknown, largest: number = LARGEST_SETTING): string | undefined {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= largest
    ? undefined
    : `must be a whole number from 0 to ${largest}`;
}
