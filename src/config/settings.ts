import type { OperationPrices } from '../images/unpriced-operations.js';
import type { Deployment } from '../registry/deployment.js';
import type { TraceSampler } from './environment.js';
import type { RoutingSettings } from './routing-settings.js';
import type { Duration } from '../spend/duration.js';

/** An entry of `model_list`: a deployment whose name or model may hold one `*`. */
export type ConfiguredDeployment = Deployment;

/** Every choice an operator can make, checked and with its default: made once at the start and handed on as a value. */
export interface Settings {
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** How long a server that was told to stop still takes requests, while load balancers learn that it is not ready. */
    readonly shutdownGraceMs: number;
    /** How long the headers of a request may take to arrive. */
    readonly headersTimeoutMs: number;
    /** How long a request may take to arrive as a whole. */
    readonly receiveTimeoutMs: number;
    /** How long it then waits for answers that are under way. */
    readonly shutdownTimeoutMs: number;
    /** Origins whose pages may call, by comma; `*` for all. */
    readonly corsOrigins: string;
  };
  readonly spend: {
    /** How long after its time is up a request that nobody ended is written off as possibly charged, in milliseconds. */
    readonly marginMs: number;
    /** How long single requests stay in the ledger before they are rolled up by day; undefined: for ever. */
    readonly retention: Duration | undefined;
  };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Where metrics are collected beside `/metrics` of the API: a port of their own; undefined: nowhere. */
  readonly metrics: {
    readonly port: number | undefined;
    /** SHA-256 in hex of the key that the port wants; undefined: none. */
    readonly keyDigest: string | undefined;
  };
  /** Where traces and metrics are sent; undefined: nowhere, and nothing of OpenTelemetry is loaded. */
  readonly openTelemetry:
    | {
        /** Address of the collector, without `/v1/traces` and without a trailing slash. */
        readonly endpoint: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly protocol: 'http/protobuf' | 'http/json';
        readonly serviceName: string;
        /** More about the service. */
        readonly resource: Readonly<Record<string, string>>;
        readonly sampler: TraceSampler;
        /** Of all traces, 0 to 1, where the sampler takes a part. */
        readonly sampledShare: number;
        readonly metricIntervalMs: number;
        /** Recraft is sent the trace's `traceparent`. */
        readonly tellsRecraft: boolean;
      }
    | undefined;
  readonly masterKey: string;
  readonly staticKeys: StaticKeys;
  /** Where keys, budgets and the ledger are kept. */
  readonly database:
    | { readonly kind: 'none' }
    | { readonly kind: 'embedded'; readonly folder: string }
    | { readonly kind: 'postgres'; readonly url: string };
  readonly limits: {
    /** Largest picture, in bytes. */
    readonly imageBytes: number;
    /** Largest JSON body, in bytes. */
    readonly jsonBytes: number;
    /** Largest text field of a form, in bytes. */
    readonly fieldBytes: number;
    /** What uploads hold in memory, all of them together, before the rest goes to temporary files; in bytes. */
    readonly uploadMemoryBytes: number;
    /** All uploads in flight together, in bytes. */
    readonly uploadBytesInFlight: number;
  };
  readonly upstream: {
    readonly connectTimeoutMs: number;
    /** From the start of a call, waiting for a connection included, to the first byte of its answer. */
    readonly firstByteTimeoutMs: number;
    /** Calls in flight to one account: the size of its connection pool. */
    readonly connections: number;
    /** How Recraft is asked for the bytes of pictures: base64 in JSON, or as they are in a form. */
    readonly responseFormat: 'json' | 'multipart';
    /** What operations cost that Recraft publishes no price for, in micro-dollars of a request. */
    readonly operationPrices: OperationPrices;
  };
  /** What replicas share; undefined: each process is alone. */
  readonly redis: { readonly url: string; readonly keyPrefix: string } | undefined;
  /** Make pictures fit that Recraft refuses for their container or size alone. */
  readonly normaliseImages: boolean;
  /** How a request that comes again is paid once. */
  readonly once: {
    /** Finish a call whose caller left after it was sent. */
    readonly finishAbandoned: boolean;
    /** How long outcomes are kept that a retry may ask for. */
    readonly retryWindowMs: number;
    /** How long identical requests count as one after the first is done; 0: never. */
    readonly coalesceMs: number;
    /** How long answers under an idempotency key are kept. */
    readonly keyLifetimeMs: number;
    readonly whileRunning: 'join' | 'conflict';
    /** What kept answers may hold in memory, all together. */
    readonly memoryBytes: number;
  };
  /** How often a waiting event stream gets a comment. */
  readonly heartbeatMs: number;
  readonly routing: RoutingSettings;
  readonly models: {
    /** Name used by requests without `model`. */
    readonly defaultModel: string;
    /** The operator named it, or it is a name of theirs; otherwise another model may serve what it does not. */
    readonly isDefaultChosen: boolean;
    readonly defaultResponseFormat: 'url' | 'b64_json';
    /** Ignore what OpenAI knows and Recraft does not (true), or refuse it (false). */
    readonly dropParams: boolean;
    /** Let an edit with a transparent background be charged for its removal too. */
    readonly allowSecondCharge: boolean;
    /** `model_list`, wildcards included, in order. */
    readonly configured: readonly ConfiguredDeployment[];
    /** Names that stand for another name: `gpt-image-1`, and `router_settings.model_group_alias`. */
    readonly aliases: ReadonlyMap<string, ModelAlias>;
    /** Account used for `recraft/<model>` without configuration; undefined where `RECRAFT_API_KEY` is unset. */
    readonly builtIn: Required<Pick<Deployment, 'apiKey' | 'apiBase' | 'timeoutMs' | 'streamTimeoutMs'>> | undefined;
    /** Longest time of an event stream, whatever its caller asks for. */
    readonly longestStreamMs: number;
  };
  /** What the operator should know and that does not stop the start; logged once. */
  readonly warnings: readonly string[];
}

/** A key of the configuration's: it needs no database. */
export interface StaticKey {
  /** SHA-256 of the key, in hex. */
  readonly digest: string;
  readonly alias: string;
  readonly models: readonly string[];
  readonly operations: readonly string[];
  readonly routes: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly priority: 'interactive' | 'batch';
  readonly weight: number;
  readonly requestsPerMinute: number | undefined;
  readonly imagesPerMinute: number | undefined;
  readonly parallelRequests: number | undefined;
  /** US dollars. */
  readonly maxBudget: number | undefined;
  readonly softBudget: number | undefined;
  readonly budgetDuration: string | undefined;
}

export interface StaticKeys {
  readonly keys: readonly StaticKey[];
  /** The files some of them stand in: when one changes, they are to be read again. */
  readonly files: readonly string[];
  /** @throws SettingsError with everything that is wrong with them now */
  reread(): readonly StaticKey[];
}

export interface ModelAlias {
  /** The name it stands for. */
  readonly model: string;
  /** Request fields, by wire name, that requests under this alias get where they do not set them. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** True: the name works and is not shown in lists of models. */
  readonly hidden?: boolean;
}

/** Injection token of the one Settings value. */
export const Settings = Symbol('Settings');
