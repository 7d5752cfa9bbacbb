import { GatewayError } from '../errors/gateway-error.js';

/** A pause after which some of the uploads in flight have usually gone on to the provider. */
const RETRY_AFTER_SECONDS = 2;

/** Caps the bytes of all request bodies in flight together, wherever they are kept: in memory or in temporary files. */
export class UploadBudget {
  #inUse = 0;

  /** @param onRelease told how many bytes a request held that held any */
  constructor(
    private readonly maxBytesInFlight: number,
    private readonly onRelease?: (bytes: number) => void,
  ) {}

  /** Bytes held by all open leases. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Opens the account of one request; whoever opens it releases it when the request's bytes are gone. */
  lease(): Lease {
    return new Lease((bytes) => {
      if (this.#inUse + bytes > this.maxBytesInFlight) throw full();
      this.#inUse += bytes;
      if (bytes < 0) this.onRelease?.(-bytes);
    });
  }
}

/** The bytes one request holds. */
export class Lease {
  #held = 0;
  #released = false;

  /** @param charge adds to the budget, or takes back when negative; throws where the cap would be exceeded */
  constructor(private readonly charge: (bytes: number) => void) {}

  /** Bytes that it holds. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes more bytes, as they are read.
   *
   * @throws GatewayError tooBusy where all requests together would hold more than they may
   */
  take(bytes: number): void {
    if (this.#released) throw new Error('A released lease takes no bytes.');
    this.charge(bytes);
    this.#held += bytes;
  }

  /** Gives everything back; a second call does nothing. */
  release(): void {
    this.#released = true;
    this.charge(-this.#held);
    this.#held = 0;
  }
}

function full(): GatewayError {
  return new GatewayError('tooBusy', 'The gateway holds as many uploads as it can; please try again in a moment.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
