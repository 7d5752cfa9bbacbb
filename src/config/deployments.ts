import { EditImageDto } from '../images/openai/dto/edit-image.dto.js';
import { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';
import type { Deployment } from '../registry/deployment.js';
import { deploymentId } from '../registry/deployment-id.js';
import { apiAddress } from './checks.js';
import type { ModelEntries } from './config-file.js';
import type { LitellmParams, ModelEntry } from './config-shape.js';
import { LONGEST_REQUEST_MS } from './longest-request.js';
import type { ConfiguredDeployment, Settings } from './settings.js';
import { problemsOfDefaults } from '../validation/dto.pipe.js';
import { isRequestField } from './unimplemented-keys.js';

/** The account that entries without their own use: RECRAFT_API_KEY, RECRAFT_API_BASE, REQUEST_TIMEOUT_MS, STREAM_TIMEOUT_MS. */
export type Account = Partial<Pick<Deployment, 'apiKey'>> & Omit<NonNullable<Settings['models']['builtIn']>, 'apiKey'>;

/** A model list, and what it is called in problems: `model_list` or `MODEL_LIST`. */
export interface NamedList {
  readonly name: string;
  readonly entries: ModelEntries;
}

/** Builds the deployments of the entries that are sound; what does not fit together is added to `problems`. */
export function toDeployments(
  lists: readonly NamedList[],
  account: Account,
  problems: string[],
): readonly ConfiguredDeployment[] {
  const ids = new DeploymentIds(problems);
  return lists.flatMap(({ name, entries }) =>
    entries.flatMap((entry, index) => {
      if (entry === undefined) return [];
      const path = `${name}[${index}]`;
      const apiKey = entry.litellm_params.api_key ?? account.apiKey;
      if (apiKey === undefined) {
        problems.push(`RECRAFT_API_KEY is not set, and ${path}.litellm_params has no api_key`);
      }
      if (entry.litellm_params.model.includes('*') && !entry.model_name.includes('*')) {
        problems.push(`${path}.litellm_params.model has a * that ${path}.model_name does not have`);
      }
      problems.push(...wrongDefaults(entry.litellm_params, `${path}.litellm_params`));
      return [toDeployment(entry, { ...account, apiKey: apiKey ?? '' }, ids.of(entry, path))];
    }),
  );
}

/** Milliseconds of one of LiteLLM's timeouts, which are seconds, cut to what a client can wait for. */
export function timeoutMs(seconds: number, longestMs = LONGEST_REQUEST_MS): number {
  return Math.max(1, Math.min(Math.round(seconds * 1000), longestMs));
}

function toDeployment(entry: ModelEntry, account: Account & Pick<Deployment, 'apiKey'>, id: string): Deployment {
  const { litellm_params: params, model_info: info } = entry;
  const ownBase = params.api_base === undefined ? undefined : apiAddress(params.api_base);
  const price = info?.output_cost_per_image ?? params.output_cost_per_image;
  return {
    id,
    group: entry.model_name,
    model: params.model.replace(/^recraft\//, ''),
    apiKey: account.apiKey,
    apiBase: ownBase ?? account.apiBase,
    timeoutMs: params.timeout === undefined ? account.timeoutMs : timeoutMs(params.timeout),
    streamTimeoutMs: streamTimeoutMs(params, account),
    ...(info?.mode !== undefined && { mode: info.mode }),
    defaults: requestFields(params),
    ...(price !== undefined && { microDollarsPerImage: Math.round(price * 1_000_000) }),
    ...slotsOf(params),
    ...(params.weight !== undefined && { weight: params.weight }),
    ...(params.cooldown_time !== undefined && { cooldownMs: Math.round(params.cooldown_time * 1000) }),
  };
}

/** `stream_timeout`, else `timeout`, else as long as a stream may take. */
function streamTimeoutMs({ stream_timeout: ofStreams, timeout }: LitellmParams, account: Account): number {
  const seconds = ofStreams ?? timeout;
  return seconds === undefined ? account.streamTimeoutMs : timeoutMs(seconds, account.streamTimeoutMs);
}

/** The limits that an entry sets for its account. */
function slotsOf({ rps, rpm, ipm, max_parallel_requests: parallel }: LitellmParams): Pick<Deployment, 'slots'> {
  const slots = {
    ...(rps !== undefined && { requestsPerSecond: rps }),
    ...(rpm !== undefined && { requestsPerMinute: rpm }),
    ...(ipm !== undefined && { imagesPerMinute: ipm }),
    ...(parallel !== undefined && { parallelRequests: parallel }),
  };
  return Object.keys(slots).length === 0 ? {} : { slots };
}

function requestFields(params: LitellmParams): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([key]) => isRequestField(key)));
}

/** Defaults that every request would be refused for. A value may be one for generations, for edits, or for both. */
function wrongDefaults(params: LitellmParams, path: string): Iterable<string> {
  const defaults = requestFields(params);
  return new Set([GenerateImageDto, EditImageDto].flatMap((dto) => problemsOfDefaults(dto, defaults, path)));
}

/** Gives each entry its id: its own, or a digest of everything but its key. */
class DeploymentIds {
  private readonly taken = new Map<string, string>();

  constructor(private readonly problems: string[]) {}

  of(entry: ModelEntry, path: string): string {
    const own = entry.model_info?.id;
    const id = own ?? this.digest(entry);
    const first = this.taken.get(id);
    if (first !== undefined) this.problems.push(`${path}.model_info.id is already the id of ${first}`);
    this.taken.set(id, path);
    return id;
  }

  private digest({ model_name, litellm_params: { api_key: _key, ...params }, model_info }: ModelEntry): string {
    // Entries that differ in their key alone, two accounts of one group, are told apart by their order.
    for (let copy = 0; ; copy += 1) {
      const id = deploymentId(model_name, params, model_info?.mode, copy);
      if (!this.taken.has(id)) return id;
    }
  }
}
