/** What the sandbox says back, before it goes on the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** API units this answer costs; charged only with a 2xx status. */
  readonly credits: number;
}

export function jsonAnswer(status: number, value: unknown, credits = 0): Answer {
  const headers = { 'content-type': 'application/json' };
  return { status, headers, body: Buffer.from(JSON.stringify(value)), credits };
}

export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: Buffer.from(text),
    credits: 0,
  };
}

/** The code of the refusals whose own code nobody recorded (recraft-api.md §9, inferred). */
export const INVALID_PARAMETER = 'invalid_request_parameter';

/** A request that Recraft would turn down, with its flat error body (recraft-api.md §9). */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    message: string,
    readonly code: string = INVALID_PARAMETER,
    readonly status = 400,
  ) {
    super(message);
  }

  toAnswer(): Answer {
    return jsonAnswer(this.status, { code: this.code, message: this.message });
  }
}
