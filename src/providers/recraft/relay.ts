/** Passes one 2xx answer of Recraft's on, and picks out on the way what accounting needs. */
export interface Relay {
  /** Pictures seen so far. */
  readonly images: number;
  /** Whether the sink has begun: from then on a failure has to reach its reader too. */
  readonly begun: boolean;
  /** What Recraft charged, in micro-dollars; undefined while the answer has not said so. */
  readonly chargedMicroDollars: number | undefined;
  /** Takes the next bytes; false asks for a pause. @throws GatewayError where they belong to no answer with pictures */
  push(chunk: Buffer): boolean;
  /** The answer has ended. @throws GatewayError where it is cut short or has no pictures */
  end(): void;
}
