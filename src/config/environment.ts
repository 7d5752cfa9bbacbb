import { IsOptional } from 'class-validator';
import {
  IsApiBase,
  IsDatabase,
  IsDuration,
  IsFlag,
  IsHeaderList,
  IsHttpAddress,
  IsKey,
  IsOneOf,
  IsOperationPrices,
  IsOrigins,
  IsPort,
  IsRedisUrl,
  IsShare,
  IsText,
  IsWholeNumber,
  problemsIn,
} from './checks.js';
import { LONGEST_REQUEST_MS } from './longest-request.js';
import { ROUTING_STRATEGIES, type RoutingStrategy } from './routing-settings.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const DAY_MS = 86_400_000;

export const WHILE_RUNNING = ['join', 'conflict'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const;
export const TRACE_SAMPLERS = [
  ...(['always_on', 'always_off', 'traceidratio'] as const),
  ...(['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const),
] as const;
export type TraceSampler = (typeof TRACE_SAMPLERS)[number];
export const RESPONSE_FORMATS = ['url', 'b64_json'] as const;
export const UPSTREAM_RESPONSE_FORMATS = ['json', 'multipart'] as const;

/** One row of the settings table. */
export interface VariableDescription {
  readonly name: string;
  /** As it would be written; undefined where the variable has no default. */
  readonly default: string | undefined;
  readonly description: string;
  /** Whether the value must not be shown. */
  readonly secret: boolean;
}

const variables: Omit<VariableDescription, 'default'>[] = [];

/** Describes a variable once, for the checks here and for the settings table of the README. */
function Variable(description: string, { secret = false } = {}): PropertyDecorator {
  return (_class, name) => {
    variables.push({ name: String(name), description, secret });
  };
}

/** Every environment variable the gateway reads, with its bounds and its default. */
export class Environment {
  @Variable("Recraft's API key. Without it every entry of `model_list` needs an `api_key`.", { secret: true })
  @IsOptional()
  @IsKey()
  RECRAFT_API_KEY?: string;

  @Variable("Address of Recraft's API, with or without a trailing slash or `/v1`.")
  @IsApiBase()
  RECRAFT_API_BASE: string = 'https://external.api.recraft.ai';

  @Variable('The key that opens every route. Required, here or as `general_settings.master_key`.', { secret: true })
  @IsOptional()
  @IsKey()
  MASTER_KEY?: string;

  @Variable("LiteLLM's name for `MASTER_KEY`; read where that is unset.", { secret: true })
  @IsOptional()
  @IsKey()
  LITELLM_MASTER_KEY?: string;

  @Variable(
    'A `postgres://` address; without it the database is embedded in `DATA_DIR`. `none`: no virtual keys and no ledger.',
    { secret: true },
  )
  @IsOptional()
  @IsDatabase()
  DATABASE_URL?: string;

  @Variable('Folder of the embedded database; one gateway at a time has it open.')
  @IsText()
  DATA_DIR: string = './data';

  @Variable(
    'How long single requests stay in the ledger, such as `90d`; then their sums by day do. Without it: for ever.',
  )
  @IsOptional()
  @IsDuration()
  SPEND_LOG_RETENTION?: string;

  @Variable(
    'How long after its time is up a request that nobody ended is written off as possibly charged, in milliseconds.',
  )
  @IsWholeNumber(0, 86_400_000)
  RESERVATION_MARGIN_MS: number = 60_000;

  @Variable('Keys that need no database, as a JSON array (see Keys and teams).', { secret: true })
  @IsOptional()
  @IsText()
  API_KEYS?: string;

  @Variable('A file with the same, as JSON or YAML; read again when it changes.')
  @IsOptional()
  @IsText()
  API_KEYS_FILE?: string;

  @Variable('Address to listen on.')
  @IsText()
  HOST: string = '0.0.0.0';

  @Variable('Port to listen on; 0 takes any free one.')
  @IsWholeNumber(0, 65_535)
  PORT: number = 4000;

  @Variable("A config.yaml in LiteLLM's format; `--config` goes first.")
  @IsOptional()
  @IsText()
  CONFIG_FILE?: string;

  @Variable('More entries for `model_list`, as a JSON array.', { secret: true })
  @IsOptional()
  @IsText()
  MODEL_LIST?: string;

  @Variable(
    'Redis for what replicas share (limits), as `redis://` or `rediss://`. Unset: each process keeps its own.',
    {
      secret: true,
    },
  )
  @IsOptional()
  @IsRedisUrl()
  REDIS_URL?: string;

  @Variable('Stands before every key in Redis, so that installations can share one.')
  @IsText()
  REDIS_KEY_PREFIX: string = 'image-gateway:';

  // Recraft's own default since V4.1 (recraft-api.md §3).
  @Variable(
    'Model of requests that name none. Without `RECRAFT_API_KEY` it is the first plain name of `model_list` instead.',
  )
  @IsText()
  DEFAULT_MODEL: string = 'recraft/recraftv4_1';

  @Variable('Form of the pictures where a request asks for none: `url` or `b64_json`.')
  @IsOneOf(RESPONSE_FORMATS)
  DEFAULT_RESPONSE_FORMAT: (typeof RESPONSE_FORMATS)[number] = 'url';

  @Variable('Ignore parameters that OpenAI knows and Recraft does not; `false` refuses them.')
  @IsFlag()
  DROP_PARAMS: boolean = true;

  @Variable('Edits with a transparent background: `true` lets a second, charged operation remove it.')
  @IsFlag()
  ALLOW_SECOND_CHARGE: boolean = false;

  @Variable(
    'Make pictures fit that Recraft refuses for their container or size alone (GIF, AVIF, TIFF, turned by EXIF, large ones).',
  )
  @IsFlag()
  NORMALISE_IMAGES: boolean = false;

  @Variable('Largest picture of an upload, in bytes (20 MiB, as Recraft).')
  @IsWholeNumber(1, GIB)
  MAX_IMAGE_BYTES: number = 20 * MIB;

  @Variable(
    'Largest JSON body, in bytes (30 MiB: the largest picture as a data URL; several large ones, as six style references of 9 MiB, go as a form).',
  )
  @IsWholeNumber(1, GIB)
  MAX_JSON_BYTES: number = 30 * MIB;

  @Variable('Largest text field of a form, in bytes (1 MiB).')
  @IsWholeNumber(1, GIB)
  MAX_FIELD_BYTES: number = MIB;

  @Variable('What uploads may hold in memory, all together, in bytes (32 MiB); the rest goes to temporary files.')
  @IsWholeNumber(0, 1024 * GIB)
  UPLOAD_MEMORY_BYTES: number = 32 * MIB;

  @Variable('All uploads in flight together, in bytes (1 GiB); more is answered 503.')
  @IsWholeNumber(1, 1024 * GIB)
  MAX_UPLOAD_BYTES_IN_FLIGHT: number = GIB;

  @Variable('Longest time from sending a request to Recraft to the end of its answer, in milliseconds.')
  @IsWholeNumber(1, LONGEST_REQUEST_MS)
  REQUEST_TIMEOUT_MS: number = 280_000;

  @Variable('Longest time of a request with `stream: true`, in milliseconds: its comments keep its client waiting.')
  @IsWholeNumber(1, 3_600_000)
  STREAM_TIMEOUT_MS: number = 900_000;

  @Variable('Longest time to open a connection to Recraft, in milliseconds.')
  @IsWholeNumber(1, LONGEST_REQUEST_MS)
  UPSTREAM_CONNECT_TIMEOUT_MS: number = 10_000;

  @Variable("Longest wait for the first byte of Recraft's answer, in milliseconds.")
  @IsWholeNumber(1, 3_600_000)
  UPSTREAM_FIRST_BYTE_TIMEOUT_MS: number = 900_000;

  @Variable('Calls in flight to one account of Recraft.')
  @IsWholeNumber(1, 65_535)
  UPSTREAM_CONNECTIONS: number = 256;

  @Variable(
    'How Recraft is asked for the bytes of pictures: `json` (base64) or `multipart` (a quarter less to transfer).',
  )
  @IsOneOf(UPSTREAM_RESPONSE_FORMATS)
  UPSTREAM_RESPONSE_FORMAT: (typeof UPSTREAM_RESPONSE_FORMATS)[number] = 'json';

  @Variable(
    'What a request costs that Recraft publishes no price for, in US dollars, as JSON: `{"explore": 0.14}`. Also `exploreSimilar`, `optimizeColors`.',
  )
  @IsOptional()
  @IsOperationPrices()
  OPERATION_PRICES?: string;

  // Recraft's limits of one account (recraft-api.md §8).
  @Variable(
    'Requests a second that one account of Recraft takes; 0: no limit. More wait. `rps` of a deployment goes first.',
  )
  @IsWholeNumber(0, 100_000)
  UPSTREAM_RPS: number = 5;

  @Variable('Pictures a minute that one account of Recraft takes; 0: no limit. `ipm` of a deployment goes first.')
  @IsWholeNumber(0, 10_000_000)
  UPSTREAM_IPM: number = 100;

  @Variable('Requests that may wait for one account of Recraft; more are answered 429.')
  @IsWholeNumber(0, 1_000_000)
  QUEUE_SIZE: number = 1_000;

  @Variable('Longest wait for a slot of Recraft, in milliseconds. It is part of the time a request has in all.')
  @IsWholeNumber(1, LONGEST_REQUEST_MS)
  QUEUE_TIMEOUT_MS: number = 240_000;

  @Variable('Instances that share the accounts of Recraft where there is no Redis: each takes its part of the slots.')
  @IsWholeNumber(1, 1_000)
  REPLICAS: number = 1;

  @Variable('How a deployment is chosen among several; LiteLLM knows it as `router_settings.routing_strategy`.')
  @IsOneOf(ROUTING_STRATEGIES)
  ROUTING_STRATEGY: RoutingStrategy = 'most-slots-left';

  @Variable('How often a request that surely was not charged is sent again.')
  @IsWholeNumber(0, 100)
  NUM_RETRIES: number = 2;

  @Variable('Also send again what Recraft may have charged for. It can pay twice for one picture.')
  @IsFlag()
  RETRY_CHARGED: boolean = false;

  @Variable('How long a deployment that failed too often is left out, in milliseconds.')
  @IsWholeNumber(1, 3_600_000)
  COOLDOWN_MS: number = 5_000;

  @Variable('Never leave a deployment out, whatever it answers.')
  @IsFlag()
  DISABLE_COOLDOWNS: boolean = false;

  @Variable('Origins of pages that may call the gateway from a browser, by comma; `*` for all, `none` for none.')
  @IsOrigins()
  CORS_ORIGINS: string = '*';

  // A slow client keeps a connection for as long as this, and nothing else.
  @Variable('Longest time for the headers of a request to arrive, in milliseconds.')
  @IsWholeNumber(100, 3_600_000)
  HEADERS_TIMEOUT_MS: number = 30_000;

  @Variable('Longest time for a request to arrive with its body, in milliseconds (20 MiB at 1 Mbit/s).')
  @IsWholeNumber(100, 3_600_000)
  RECEIVE_TIMEOUT_MS: number = 180_000;

  @Variable('How often a waiting event stream gets a comment, in milliseconds.')
  @IsWholeNumber(10, LONGEST_REQUEST_MS)
  SSE_HEARTBEAT_MS: number = 10_000;

  // A load balancer needs a probe or two to learn that an instance is not ready any more.
  @Variable('After SIGTERM: how long new requests are still served while readiness already fails, in milliseconds.')
  @IsWholeNumber(0, 3_600_000)
  SHUTDOWN_GRACE_MS: number = 5_000;

  // Longer than the longest answer takes that is no event stream.
  @Variable('After the grace: how long answers under way are waited for, in milliseconds. Streams may take longer.')
  @IsWholeNumber(0, 3_600_000)
  SHUTDOWN_TIMEOUT_MS: number = 290_000;

  @Variable(
    'Finish a call whose caller left after it was sent, which Recraft charges for anyway, and keep its answer for a retry.',
  )
  @IsFlag()
  FINISH_ABANDONED: boolean = true;

  @Variable(
    'How long the answer of such a call, the outcome of one that may have been charged, and what went out to clients that mark their ' +
      'repeats (`x-stainless-retry-count`), is kept, in milliseconds.',
  )
  @IsWholeNumber(0, DAY_MS)
  RETRY_WINDOW_MS: number = 120_000;

  @Variable(
    'Treat byte-identical requests of one key as one while the first runs, and for this long after, in milliseconds; 0: never. Each replica does so by itself.',
  )
  @IsWholeNumber(0, DAY_MS)
  COALESCE_MS: number = 0;

  @Variable('How long the answer to an `Idempotency-Key` is kept, in milliseconds (24 hours).')
  @IsWholeNumber(1, 30 * DAY_MS)
  IDEMPOTENCY_TTL_MS: number = DAY_MS;

  @Variable(
    'A second request under the `Idempotency-Key` of one that runs: `join` waits for its answer, `conflict` gets 409.',
  )
  @IsOneOf(WHILE_RUNNING)
  IDEMPOTENCY_WHILE_RUNNING: (typeof WHILE_RUNNING)[number] = 'join';

  @Variable('What answers kept for repeats may hold in memory, in bytes (32 MiB).')
  @IsWholeNumber(0, 1024 * GIB)
  ANSWER_MEMORY_BYTES: number = 32 * MIB;

  @Variable(`Least severe line to log: ${LOG_LEVELS.join(', ')}.`)
  @IsOneOf(LOG_LEVELS)
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';

  @Variable('A key that opens `/metrics` and nothing else, for a scraper. `METRICS_PORT` wants it too.', {
    secret: true,
  })
  @IsOptional()
  @IsKey()
  METRICS_KEY?: string;

  @Variable('A port of its own for `/metrics`, which wants no key unless there is a `METRICS_KEY`.')
  @IsOptional()
  @IsPort()
  METRICS_PORT?: string;

  @Variable(
    "An OpenTelemetry collector's address (OTLP over HTTP), such as `http://localhost:4318`. Unset: no traces, and nothing of it is loaded.",
  )
  @IsOptional()
  @IsHttpAddress()
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @Variable('Headers for the collector: `name=value,name=value`.', { secret: true })
  @IsOptional()
  @IsHeaderList()
  OTEL_EXPORTER_OTLP_HEADERS?: string;

  @Variable('How the collector is spoken to: `http/protobuf` or `http/json`.')
  @IsOneOf(OTLP_PROTOCOLS)
  OTEL_EXPORTER_OTLP_PROTOCOL: (typeof OTLP_PROTOCOLS)[number] = 'http/protobuf';

  @Variable('Name of the service in traces and metrics.')
  @IsText()
  OTEL_SERVICE_NAME: string = 'image-gateway';

  @Variable('How often the collector is sent metrics, in milliseconds.')
  @IsWholeNumber(100, DAY_MS)
  OTEL_METRIC_EXPORT_INTERVAL: number = 60_000;

  @Variable(
    'Which traces are recorded: `always_on`, `always_off`, `traceidratio`, or one of them behind `parentbased_`, which believes the caller.',
  )
  @IsOneOf(TRACE_SAMPLERS)
  OTEL_TRACES_SAMPLER: TraceSampler = 'parentbased_always_on';

  @Variable('The part of all traces that a `traceidratio` records, from 0 to 1.')
  @IsShare()
  OTEL_TRACES_SAMPLER_ARG: string = '1';

  @Variable('More about the service in traces and metrics: `name=value,name=value`.')
  @IsOptional()
  @IsHeaderList()
  OTEL_RESOURCE_ATTRIBUTES?: string;

  @Variable('Send Recraft the `traceparent` of the call, where there are traces.')
  @IsFlag()
  TRACEPARENT_TO_RECRAFT: boolean = false;
}

const defaults = new Map<string, string | number | boolean | undefined>(Object.entries(new Environment()));

/** The settings table: every variable with its default and what it is for. */
export function describeEnvironment(): VariableDescription[] {
  return variables.map(({ name, description, secret }) => {
    const value = defaults.get(name);
    return { name, default: value === undefined ? undefined : String(value), description, secret };
  });
}

/** The variables that are set: an empty one counts as unset, and the line break that mounted secrets end in is cut off. */
export function setVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const trimmed = Object.entries(environment).map(([name, value = '']) => [name, value.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
}

/**
 * Reads the gateway's variables out of `given` (as `setVariables` leaves them) and checks them.
 * What is not given is taken from `fallbacks`, then from the defaults above.
 */
export function readEnvironment(
  given: Readonly<Record<string, string>>,
  fallbacks: Partial<Environment> = {},
): { environment: Environment; problems: string[] } {
  const environment = Object.assign(new Environment(), fallbacks);
  for (const { name } of variables) {
    const text = given[name];
    if (text !== undefined) Object.assign(environment, { [name]: fromText(text, typeof defaults.get(name)) });
  }
  return { environment, problems: problemsIn(environment) };
}

/** Text that is no number or flag stays text, for the check to refuse. */
function fromText(text: string, kind: string): string | number | boolean {
  if (kind === 'number' && /^\d+$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}
