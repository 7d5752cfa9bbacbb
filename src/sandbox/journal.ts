/** One request to the API as the sandbox saw it. Picture downloads and the control routes are not written down. */
export interface RecordedRequest {
  /** Also answered as `x-recraft-requestid`. */
  readonly id: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly apiKeyLast4: string | null;
  readonly contentType: string | null;
  /** As received; a file or a data URL is told by `{name, type, bytes, sha256}`, text parts of a form stay text. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Null while nothing was sent, and for ever where the client left or the connection was dropped before. */
  readonly status: number | null;
  /** API units charged. */
  readonly credits: number;
  readonly receivedAt: string;
  readonly answeredAt: string | null;
  /** The client hung up before its answer was complete. */
  readonly aborted: boolean;
}

/** The sandbox's own, writable side of a record. */
export type OpenRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

type Predicate = (request: RecordedRequest) => boolean;

interface Waiting {
  readonly matches: Predicate;
  readonly resolve: (request: RecordedRequest) => void;
}

/** The latest requests, and those who wait for one. */
export class Journal {
  #records: OpenRecord[] = [];
  /** Received and not yet handed to anyone who waited. */
  #unclaimed: OpenRecord[] = [];
  #waiting: Waiting[] = [];
  readonly #over = new Map<string, PromiseWithResolvers<RecordedRequest>>();

  constructor(private readonly keep: number) {}

  open(record: OpenRecord): void {
    this.#records = [...this.#records, record].slice(-this.keep);
    this.#over.set(record.id, Promise.withResolvers());
    const [oldest] = this.#over.keys();
    if (oldest !== undefined && this.#over.size > this.keep) this.#over.delete(oldest);
  }

  /** The request is here as a whole: tells the first who waits for one like it. */
  received(record: OpenRecord): void {
    const index = this.#waiting.findIndex(({ matches }) => matches(record));
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) this.#unclaimed = [...this.#unclaimed, record].slice(-this.keep);
    else waiting.resolve(record);
  }

  /** The request was answered, dropped or given up by its client. */
  closed(record: OpenRecord): void {
    this.#over.get(record.id)?.resolve(record);
  }

  requests(): readonly RecordedRequest[] {
    return [...this.#records];
  }

  /** Each request is handed out once, whether it came before the call or comes after it. */
  next(matches: Predicate): Promise<RecordedRequest> {
    const index = this.#unclaimed.findIndex(matches);
    const [record] = index < 0 ? [] : this.#unclaimed.splice(index, 1);
    if (record !== undefined) return Promise.resolve(record);
    const { promise, resolve } = Promise.withResolvers<RecordedRequest>();
    this.#waiting.push({ matches, resolve });
    return promise;
  }

  /** @throws Error for a request that is not, or no longer, written down */
  end(id: string): Promise<RecordedRequest> {
    const over = this.#over.get(id);
    if (over === undefined) throw new Error(`No request ${id} is written down.`);
    return over.promise;
  }

  reset(): void {
    this.#records = [];
    this.#unclaimed = [];
  }
}
