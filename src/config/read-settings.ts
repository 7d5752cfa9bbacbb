import { readHeaderList } from './checks.js';
import { emptyConfig, readConfigFile, type ConfigFile } from './config-file.js';
import { timeoutMs } from './deployments.js';
import { readEnvironment, setVariables, type Environment } from './environment.js';
import { LONGEST_REQUEST_MS } from './longest-request.js';
import { findOperationPrices } from './operation-prices.js';
import { readModels } from './read-models.js';
import { readRouting, routingVariables } from './read-routing.js';
import { findDuration } from '../spend/duration.js';
import { digestOf, readStaticKeys } from './static-keys.js';
import { SettingsError } from './settings-error.js';
import type { Settings } from './settings.js';

/**
 * Reads every setting: the environment first, then the config file, then the defaults.
 * `configFile` goes before the variable CONFIG_FILE.
 *
 * @throws SettingsError that lists all problems at once; no message holds a secret
 */
export function readSettings(environment: NodeJS.ProcessEnv, options: { configFile?: string } = {}): Settings {
  const variables = setVariables(environment);
  const path = options.configFile ?? variables['CONFIG_FILE'];
  const file = path === undefined ? emptyConfig(variables) : readConfigFile(path, variables);
  const read = readEnvironment(file.variables, file.problems.length === 0 ? asVariables(file) : {});
  const problems = [...file.problems, ...read.problems];
  const masterKey = read.environment.MASTER_KEY ?? read.environment.LITELLM_MASTER_KEY ?? file.general.master_key;
  if (masterKey === undefined && file.readable) {
    problems.push(
      'MASTER_KEY is not set, and neither is general_settings.master_key: the gateway would be an open door',
    );
  }
  if (read.environment.MAX_UPLOAD_BYTES_IN_FLIGHT < read.environment.MAX_IMAGE_BYTES) {
    problems.push(
      'MAX_UPLOAD_BYTES_IN_FLIGHT must be at least MAX_IMAGE_BYTES, or the largest picture is never let in',
    );
  }
  const database = databaseOf(read.environment);
  const staticKeys = readStaticKeys(
    {
      text: read.environment.API_KEYS,
      keysFile: read.environment.API_KEYS_FILE,
      configFile: path,
      variables: file.variables,
      masterKey: masterKey ?? '',
      hasDatabase: database.kind !== 'none',
      metricsKey: read.environment.METRICS_KEY,
    },
    problems,
  );
  const { models, unimplemented } = readModels(read.environment, file, problems);
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    ...serverSettings(read.environment),
    spend: spendSettings(read.environment),
    database,
    masterKey: masterKey ?? '',
    routing: readRouting(read.environment, file),
    staticKeys,
    models,
    warnings: warningsOf(file, unimplemented),
  };
}

/** What the file says that a variable can say too: the variable goes first. */
function asVariables(file: ConfigFile): Partial<Environment> {
  const { litellm, router, general } = file;
  const seconds = router.timeout ?? litellm.request_timeout;
  return {
    ...routingVariables(file),
    ...(litellm.drop_params !== undefined && { DROP_PARAMS: litellm.drop_params }),
    ...(seconds !== undefined && { REQUEST_TIMEOUT_MS: timeoutMs(seconds) }),
    ...(general.database_url !== undefined && { DATABASE_URL: general.database_url }),
  };
}

function serverSettings(
  environment: Environment,
): Omit<Settings, 'database' | 'masterKey' | 'staticKeys' | 'models' | 'routing' | 'spend' | 'warnings'> {
  return {
    server: {
      host: environment.HOST,
      port: environment.PORT,
      headersTimeoutMs: environment.HEADERS_TIMEOUT_MS,
      receiveTimeoutMs: environment.RECEIVE_TIMEOUT_MS,
      shutdownGraceMs: environment.SHUTDOWN_GRACE_MS,
      shutdownTimeoutMs: environment.SHUTDOWN_TIMEOUT_MS,
      corsOrigins: environment.CORS_ORIGINS,
    },
    logLevel: environment.LOG_LEVEL,
    metrics: {
      port: environment.METRICS_PORT === undefined ? undefined : Number(environment.METRICS_PORT),
      keyDigest: environment.METRICS_KEY === undefined ? undefined : digestOf(environment.METRICS_KEY),
    },
    openTelemetry: openTelemetryOf(environment),
    limits: {
      imageBytes: environment.MAX_IMAGE_BYTES,
      jsonBytes: environment.MAX_JSON_BYTES,
      fieldBytes: environment.MAX_FIELD_BYTES,
      uploadMemoryBytes: environment.UPLOAD_MEMORY_BYTES,
      uploadBytesInFlight: environment.MAX_UPLOAD_BYTES_IN_FLIGHT,
    },
    upstream: {
      connectTimeoutMs: environment.UPSTREAM_CONNECT_TIMEOUT_MS,
      firstByteTimeoutMs: environment.UPSTREAM_FIRST_BYTE_TIMEOUT_MS,
      connections: environment.UPSTREAM_CONNECTIONS,
      responseFormat: environment.UPSTREAM_RESPONSE_FORMAT,
      operationPrices: findOperationPrices(environment.OPERATION_PRICES ?? '{}') ?? {},
    },
    redis:
      environment.REDIS_URL === undefined
        ? undefined
        : { url: environment.REDIS_URL, keyPrefix: environment.REDIS_KEY_PREFIX },
    normaliseImages: environment.NORMALISE_IMAGES,
    once: {
      finishAbandoned: environment.FINISH_ABANDONED,
      retryWindowMs: environment.RETRY_WINDOW_MS,
      coalesceMs: environment.COALESCE_MS,
      keyLifetimeMs: environment.IDEMPOTENCY_TTL_MS,
      whileRunning: environment.IDEMPOTENCY_WHILE_RUNNING,
      memoryBytes: environment.ANSWER_MEMORY_BYTES,
    },
    heartbeatMs: environment.SSE_HEARTBEAT_MS,
  };
}

function openTelemetryOf(environment: Environment): Settings['openTelemetry'] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = environment;
  if (endpoint === undefined) return undefined;
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    headers: readHeaderList(headers ?? '') ?? {},
    protocol: environment.OTEL_EXPORTER_OTLP_PROTOCOL,
    serviceName: environment.OTEL_SERVICE_NAME,
    resource: readHeaderList(environment.OTEL_RESOURCE_ATTRIBUTES ?? '') ?? {},
    sampler: environment.OTEL_TRACES_SAMPLER,
    sampledShare: Number(environment.OTEL_TRACES_SAMPLER_ARG),
    metricIntervalMs: environment.OTEL_METRIC_EXPORT_INTERVAL,
    tellsRecraft: environment.TRACEPARENT_TO_RECRAFT,
  };
}

function databaseOf({ DATABASE_URL: url, DATA_DIR: folder }: Environment): Settings['database'] {
  if (url === undefined) return { kind: 'embedded', folder };
  return url === 'none' ? { kind: 'none' } : { kind: 'postgres', url };
}

function spendSettings(environment: Environment): Settings['spend'] {
  const { SPEND_LOG_RETENTION: retention } = environment;
  return {
    marginMs: environment.RESERVATION_MARGIN_MS,
    retention: retention === undefined ? undefined : findDuration(retention),
  };
}

function warningsOf(file: ConfigFile, unimplemented: readonly string[]): string[] {
  const timeouts = [file.router.timeout, file.litellm.request_timeout];
  const tooLong = [...timeouts, ...file.models.map((entry) => entry?.litellm_params.timeout)].some(
    (seconds) => seconds !== undefined && seconds * 1000 > LONGEST_REQUEST_MS,
  );
  return [
    ...(file.restoredIndentation ? ['The config file had lost its indentation; it was restored by the keys.'] : []),
    ...(unimplemented.length > 0 ? [`Not implemented here, and ignored: ${unimplemented.join(', ')}.`] : []),
    ...(tooLong ? [`Timeouts above ${LONGEST_REQUEST_MS / 1000} s were cut to it: clients give up at 300 s.`] : []),
    ...(file.general.image_generation_model !== undefined
      ? ['general_settings.image_generation_model serves requests without a model; it overrides no request.']
      : []),
  ];
}
