interface FaultRow {
  /** HTTP status of the answer. */
  readonly status: number;
  /** `error.type` of OpenAI's envelope. */
  readonly type: string;
  /** `error.code` of OpenAI's envelope, unless the error carries a more exact one. */
  readonly code: string;
  /** False where a repeat could pay twice or cannot help: becomes `x-should-retry: false`, which OpenAI's SDKs obey. */
  readonly retry?: false;
  /** True where the provider may have charged all the same: its price stays recorded (docs/decisions/charges-in-doubt.md). */
  readonly mayBeCharged?: true;
}

const invalid = 'invalid_request_error';
const picture = 'image_generation_user_error';
const server = 'server_error';

/**
 * Everything that callers may be told, and how.
 * Vocabulary: openai-images.md §1.6 and §4.2; `type` of faults of keys and budgets: litellm.md §2.2 and §2.7. Trouble with Recraft's account is the gateway's trouble, never the caller's 401.
 */
export const FAULTS = {
  invalidJson: { status: 400, type: invalid, code: 'invalid_json' },
  noHttp: { status: 400, type: invalid, code: 'bad_http_request' },
  invalidForm: { status: 400, type: invalid, code: 'invalid_multipart' },
  invalidValue: { status: 400, type: invalid, code: 'invalid_value' },
  invalidType: { status: 400, type: invalid, code: 'invalid_type' },
  aboveMaximum: { status: 400, type: invalid, code: 'integer_above_max_value' },
  belowMinimum: { status: 400, type: invalid, code: 'integer_below_min_value' },
  tooLong: { status: 400, type: invalid, code: 'string_above_max_length' },
  missingParameter: { status: 400, type: invalid, code: 'missing_required_parameter' },
  unsupportedParameter: { status: 400, type: invalid, code: 'unsupported_parameter' },
  unsupportedValue: { status: 400, type: invalid, code: 'unsupported_value' },
  invalidImage: { status: 400, type: picture, code: 'invalid_image_file' },
  unknownPictureKind: { status: 400, type: picture, code: 'unsupported_file_mimetype' },
  moderationBlocked: { status: 400, type: picture, code: 'moderation_blocked' },
  refusedByUpstream: { status: 400, type: invalid, code: 'upstream_refused' },
  unpricedModel: { status: 400, type: invalid, code: 'model_not_priced' },
  unpricedOperation: { status: 400, type: invalid, code: 'operation_not_priced' },
  alreadyExists: { status: 400, type: 'bad_request_error', code: 'already_exists' },
  missingKey: { status: 401, type: 'auth_error', code: 'missing_api_key' },
  malformedKey: { status: 401, type: 'auth_error', code: 'malformed_api_key' },
  wrongKey: { status: 401, type: 'token_not_found_in_db', code: 'invalid_api_key' },
  expiredKey: { status: 401, type: 'expired_key', code: 'expired_key' },
  blockedKey: { status: 401, type: 'auth_error', code: 'key_blocked' },
  modelNotAllowed: { status: 403, type: 'key_model_access_denied', code: 'key_model_access_denied' },
  operationNotAllowed: { status: 403, type: 'permission_error', code: 'key_operation_access_denied' },
  routeNotAllowed: { status: 403, type: 'permission_error', code: 'key_route_access_denied' },
  unknownModel: { status: 404, type: invalid, code: 'model_not_found' },
  unknownStyle: { status: 404, type: invalid, code: 'style_not_found' },
  unknownRecord: { status: 404, type: 'not_found_error', code: 'not_found' },
  unknownRoute: { status: 404, type: invalid, code: 'unknown_url' },
  wrongMethod: { status: 405, type: invalid, code: 'method_not_supported' },
  requestTimeout: { status: 408, type: invalid, code: 'request_timeout' },
  answerLost: { status: 410, type: invalid, code: 'answer_lost' },
  tooLarge: { status: 413, type: invalid, code: 'request_too_large' },
  urlTooLong: { status: 414, type: invalid, code: 'url_too_long' },
  wrongContentType: { status: 415, type: invalid, code: 'unsupported_media_type' },
  idempotencyRunning: { status: 409, type: invalid, code: 'idempotency_key_in_use' },
  failedAfterCharge: { status: 424, type: server, code: 'failed_after_charge', retry: false, mayBeCharged: true },
  idempotencyMismatch: { status: 422, type: invalid, code: 'idempotency_key_reused' },
  headersTooLong: { status: 431, type: invalid, code: 'bad_http_request' },
  unprocessable: { status: 422, type: invalid, code: 'upstream_unprocessable' },
  budgetExceeded: { status: 429, type: 'budget_exceeded', code: 'budget_exceeded', retry: false },
  rateLimited: { status: 429, type: 'throttling_error', code: 'rate_limit_exceeded' },
  queueFull: { status: 429, type: 'rate_limit_error', code: 'queue_full' },
  allCoolingDown: { status: 429, type: 'rate_limit_error', code: 'no_deployment_available' },
  upstreamRateLimited: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  quotaExhausted: { status: 429, type: 'insufficient_quota', code: 'credit_balance_exhausted', retry: false },
  internal: { status: 500, type: server, code: 'internal_error', retry: false },
  upstreamCredentials: { status: 502, type: server, code: 'upstream_auth_failed', retry: false },
  upstreamUnreachable: { status: 502, type: server, code: 'upstream_unreachable' },
  upstreamFailed: { status: 502, type: server, code: 'upstream_error', retry: false, mayBeCharged: true },
  upstreamInvalidAnswer: {
    status: 502,
    type: server,
    code: 'upstream_invalid_answer',
    retry: false,
    mayBeCharged: true,
  },
  upstreamOverloaded: { status: 503, type: 'service_unavailable_error', code: 'upstream_overloaded' },
  tooBusy: { status: 503, type: 'service_unavailable_error', code: 'server_is_overloaded' },
  shuttingDown: { status: 503, type: 'service_unavailable_error', code: 'shutting_down' },
  databaseDown: { status: 503, type: 'no_db_connection', code: 'no_db_connection' },
  noDatabase: { status: 503, type: 'no_db_connection', code: 'no_database', retry: false },
  upstreamTimeout: { status: 504, type: server, code: 'upstream_timeout', retry: false, mayBeCharged: true },
} as const satisfies Record<string, FaultRow>;

export type Fault = keyof typeof FAULTS;

export interface ErrorDetails {
  /** The request's field at fault, in the caller's spelling. */
  readonly param?: string;
  /** A code more exact than the fault's own, for instance Recraft's. */
  readonly code?: string;
  /** Whole seconds, 1 to 59: outside this range clients retry sooner or sleep far too long (openai-images.md §0.6). */
  readonly retryAfterSeconds?: number;
  /** What went wrong underneath; logged, never answered. */
  readonly cause?: unknown;
}

/** The one error that callers are told about. Anything else that is thrown is a bug, answered as a bare 500. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly param: string | null;
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly fault: Fault,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.param = details.param ?? null;
    this.code = details.code ?? FAULTS[fault].code;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  get status(): number {
    return FAULTS[this.fault].status;
  }

  /** Whether the provider may have charged for what was asked, though it failed. */
  get mayBeCharged(): boolean {
    const row: FaultRow = FAULTS[this.fault];
    return row.mayBeCharged === true;
  }

  /** OpenAI's envelope (openai-images.md §1.6): all four members, always. */
  toEnvelope(): ErrorEnvelope {
    return {
      error: { message: this.message, type: FAULTS[this.fault].type, param: this.param, code: this.code },
    };
  }

  /** The envelope, and beside it the flat members that Recraft's clients read (DESIGN.md §5): the body of every error. */
  toBody(): ErrorBody {
    return { ...this.toEnvelope(), code: this.code, message: this.message };
  }

  /**
   * The headers that tell clients whether and when to try again (openai-images.md §4.2).
   *
   * @param isPaid whether something of the request was charged: then none is told to try again
   */
  retryHeaders({ isPaid = false } = {}): Record<string, string> {
    const row: FaultRow = FAULTS[this.fault];
    if (isPaid) return { 'x-should-retry': 'false' };
    return {
      ...(row.retry === false && { 'x-should-retry': 'false' }),
      ...(this.retryAfterSeconds !== undefined && { 'retry-after': String(this.retryAfterSeconds) }),
    };
  }
}

export interface ErrorEnvelope {
  error: { message: string; type: string; param: string | null; code: string };
}

/** One body for the clients of both dialects. */
export interface ErrorBody extends ErrorEnvelope {
  code: string;
  message: string;
}
