import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { LineCounter, parseDocument } from 'yaml';
import { isBlock, problemsIn } from './checks.js';
import { GeneralSettings, LitellmSettings, ModelEntry, RouterSettings } from './config-shape.js';
import { resolveReferences } from './environment-references.js';
import { setVariables } from './environment.js';
import { restoreIndentation } from './restore-indentation.js';
import { unimplementedInModels, unimplementedKeys } from './unimplemented-keys.js';

/** Entries in their order; undefined where one is unsound, which is then among the problems. */
export type ModelEntries = readonly (ModelEntry | undefined)[];

/** What a config.yaml says, as far as it could be read. */
export interface ConfigFile {
  /** False where the text is no YAML, so that what it means to set is unknown. */
  readonly readable: boolean;
  /** Whether there is nothing in the text. */
  readonly isEmpty: boolean;
  /** The entries of `model_list`; an unsound one is undefined. */
  readonly models: ModelEntries;
  readonly litellm: LitellmSettings;
  readonly router: RouterSettings;
  readonly general: GeneralSettings;
  /** The environment, with the file's `environment_variables` behind it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
  readonly restoredIndentation: boolean;
  /** Paths of the keys that are not implemented here. */
  readonly unimplemented: readonly string[];
}

/** How many nodes the anchors of a file may expand to for each node written: enough for people, too little for a bomb. */
const MAX_ALIASES = 100;

/** Reads a config.yaml in LiteLLM's format (litellm.md §2.9). Never throws: what is wrong is in `problems`. */
export function readConfigFile(path: string, variables: Readonly<Record<string, string>>): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = `CONFIG_FILE names ${path}, which cannot be read (${code ?? 'unknown error'})`;
    return { ...emptyConfig(variables), readable: false, problems: [problem] };
  }
  return parseConfig(text, variables);
}

/** The config of a gateway that has no file. */
export function emptyConfig(variables: Readonly<Record<string, string>>): ConfigFile {
  return {
    readable: true,
    isEmpty: true,
    models: [],
    litellm: new LitellmSettings(),
    router: new RouterSettings(),
    general: new GeneralSettings(),
    variables,
    problems: [],
    restoredIndentation: false,
    unimplemented: [],
  };
}

/** Reads the text of a config.yaml; see `readConfigFile`. */
export function parseConfig(text: string, environment: Readonly<Record<string, string>>): ConfigFile {
  const { text: indented, restored: restoredIndentation } = restoreIndentation(text);
  const { content: whole, problems } = parseYaml(indented, 'config file');
  const parsed = withoutNulls(whole ?? {});
  if (!isBlock(parsed)) problems.push('config file must be a block of keys, such as model_list');
  const content = isBlock(parsed) ? parsed : {};
  const readable = problems.length === 0;
  const variables = { ...environmentBlock(content['environment_variables'], environment, problems), ...environment };
  const { environment_variables: _applied, ...rest } = content;
  const file = resolveReferences(rest, variables, '', (problem) => problems.push(problem)) as typeof content;
  return {
    readable,
    isEmpty: whole === null,
    models: readModelList(file['model_list'], 'model_list', problems),
    litellm: readSection(LitellmSettings, file['litellm_settings'] ?? {}, 'litellm_settings', problems),
    router: readSection(RouterSettings, file['router_settings'] ?? {}, 'router_settings', problems),
    general: readSection(GeneralSettings, file['general_settings'] ?? {}, 'general_settings', problems),
    variables,
    problems,
    restoredIndentation,
    unimplemented: unimplementedKeys(file),
  };
}

/**
 * Reads the value of MODEL_LIST: a JSON array of the shape of `model_list`.
 * What is wrong is added to `problems`.
 */
export function parseModelList(
  json: string,
  variables: Readonly<Record<string, string>>,
  problems: string[],
): { models: ModelEntries; unimplemented: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own message quotes the text, which may hold keys.
    problems.push('MODEL_LIST must be a JSON array of model_list entries; it is no valid JSON');
    return { models: [], unimplemented: [] };
  }
  const list = resolveReferences(withoutNulls(value), variables, 'MODEL_LIST', (problem) => problems.push(problem));
  return {
    models: readModelList(list, 'MODEL_LIST', problems),
    unimplemented: unimplementedInModels(list, 'MODEL_LIST'),
  };
}

/** What a YAML text says. `name` stands for it in problems. */
export function parseYaml(text: string, name: string): { content?: unknown; problems: string[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { schema: 'core', merge: true, lineCounter, prettyErrors: false });
  // The parser's messages quote the text, which may hold keys: its code and the place have to do.
  const problems = [...document.errors, ...document.warnings].map(({ code, pos: [start] }) => {
    const { line, col } = lineCounter.linePos(start);
    return `${name}, line ${line}, column ${col}: not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
  });
  if (problems.length > 0) return { problems };
  try {
    return { content: document.toJS({ maxAliasCount: MAX_ALIASES }), problems };
  } catch {
    return { problems: [`${name}: its anchors and aliases cannot be resolved, or expand too far`] };
  }
}

/** `key:` with nothing behind it says no more than a key that is missing. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isBlock(value)) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]));
}

function environmentBlock(
  block: unknown,
  environment: Readonly<Record<string, string>>,
  problems: string[],
): Record<string, string> {
  const path = 'environment_variables';
  const resolved = resolveReferences(block ?? {}, environment, path, (problem) => problems.push(problem));
  const entries = isBlock(resolved) ? Object.entries(resolved) : undefined;
  if (entries?.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)) !== true) {
    problems.push(`${path} must map names to texts`);
    return {};
  }
  return setVariables(Object.fromEntries(entries.map(([name, value]) => [name, String(value)])));
}

function readModelList(list: unknown, path: string, problems: string[]): ModelEntries {
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    problems.push(`${path} must be a list of entries with model_name and litellm_params`);
    return [];
  }
  return list.map((entry, index) => {
    const before = problems.length;
    const read = readSection(ModelEntry, entry, `${path}[${index}]`, problems);
    return problems.length === before ? read : undefined;
  });
}

/** An instance of a checked class: of an unsound block too, whose problems stop the start. */
function readSection<T extends object>(shape: new () => T, block: unknown, path: string, problems: string[]): T {
  if (!isBlock(block)) {
    problems.push(`${path} must be a block of keys`);
    return new shape();
  }
  const instance = plainToInstance(shape, block);
  problems.push(...problemsIn(instance, path));
  return instance;
}
