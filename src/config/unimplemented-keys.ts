import { isBlock } from './checks.js';
import {
  GeneralSettings,
  implementedKeys,
  LitellmParams,
  LitellmSettings,
  ModelEntry,
  ModelInfo,
  RouterSettings,
} from './config-shape.js';

/**
 * Keys of `litellm_params` that steer LiteLLM itself (litellm.md §1.1 and §2.9). They are never request fields, so
 * they must not reach Recraft.
 */
const LITELLM_CONTROLS = new Set(
  `additional_drop_params allowed_openai_params api_type api_version base_model base_url budget_duration cache caching
  caching_groups configurable_clientside_auth_params custom_llm_provider drop_params extra_body
  extra_headers fallbacks force_timeout guardrails headers itpm litellm_call_id litellm_credential_name
  litellm_trace_id max_budget max_file_size_mb max_retries
  merge_reasoning_content_in_choices metadata model_info no-log num_retries order organization otpm
  provider_specific_header proxy_server_request region_name request_timeout retry_policy retry_strategy
  ssl_verify supports_system_message tags tpm ttl use_in_pass_through use_litellm_proxy`.split(/\s+/),
);

/** Prices, other providers' settings, and anything that looks like a credential: no field of a picture request. */
const NEVER_A_FIELD =
  /^(?:input_cost|output_cost|mock_|aws_|azure_|gcs_|s3_|vertex_|watsonx_|hf_)|(?:^|_)(?:apikey|key|token|secret|password|credentials?|rpm_limit|tpm_limit)(?:$|_)/i;

const params = implementedKeys(LitellmParams);

/** Whether a key of `litellm_params` is a request field with its default. */
export function isRequestField(key: string): boolean {
  return !params.has(key) && !LITELLM_CONTROLS.has(key) && !NEVER_A_FIELD.test(key);
}

type Test = (key: string) => boolean;
const outside = (shape: new () => object): Test => {
  const keys = implementedKeys(shape);
  return (key) => !keys.has(key);
};
const unknownParam: Test = (key) => !params.has(key) && !isRequestField(key);
const unknownInEntry = outside(ModelEntry);
const unknownInfo = outside(ModelInfo);
const sections = new Map<string, Test>([
  ['litellm_settings', outside(LitellmSettings)],
  ['router_settings', outside(RouterSettings)],
  ['general_settings', outside(GeneralSettings)],
  ['model_list', () => false],
  ['environment_variables', () => false],
]);

/** The keys of a config file that this gateway does not implement, each once, by its path. */
export function unimplementedKeys(file: Readonly<Record<string, unknown>>): string[] {
  const top = keysOf(file).filter((key) => !sections.has(key));
  const inSections = [...sections].flatMap(([name, unknown]) => pathsOf(file[name], `${name}.`, unknown));
  return [...top, ...inSections, ...unimplementedInModels(file['model_list'], 'model_list')];
}

/** The same for a model list, which is called `name` in the paths. */
export function unimplementedInModels(list: unknown, name: string): string[] {
  const entries = Array.isArray(list) ? list.filter(isBlock) : [];
  const paths = entries.flatMap((entry) => [
    ...pathsOf(entry, `${name}[].`, unknownInEntry),
    ...pathsOf(entry['litellm_params'], `${name}[].litellm_params.`, unknownParam),
    ...pathsOf(entry['model_info'], `${name}[].model_info.`, unknownInfo),
  ]);
  return [...new Set(paths)];
}

const keysOf = (block: unknown): string[] => (isBlock(block) ? Object.keys(block) : []);

const pathsOf = (block: unknown, prefix: string, unknown: Test): string[] =>
  keysOf(block)
    .filter(unknown)
    .map((key) => prefix + key);
