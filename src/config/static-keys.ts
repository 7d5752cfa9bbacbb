import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { isBlock, problemsIn } from './checks.js';
import { parseYaml, readConfigFile, withoutNulls } from './config-file.js';
import { implementedKeys } from './config-shape.js';
import { resolveReferences } from './environment-references.js';
import { SettingsError } from './settings-error.js';
import type { StaticKey, StaticKeys } from './settings.js';
import { StaticKeyEntry } from './static-key-shape.js';

/** Where configured keys stand. All of them are read, in this order. */
export interface KeySources {
  /** API_KEYS: JSON. */
  readonly text: string | undefined;
  /** API_KEYS_FILE: JSON or YAML. */
  readonly keysFile: string | undefined;
  /** CONFIG_FILE, of which `general_settings.api_keys` is read. */
  readonly configFile: string | undefined;
  /** For `os.environ/NAME`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly masterKey: string;
  /** METRICS_KEY: a key that may read the metrics and nothing else. */
  readonly metricsKey?: string | undefined;
  /** Without a database nobody keeps account, so no key can have a budget. */
  readonly hasDatabase: boolean;
  /** A file that is read again and is empty is one that is just being written: it must not end every key in it. */
  readonly isReadAgain?: boolean;
}

/** Reads the configured keys, and hands on how to read them again. What is wrong is added to `problems`. */
export function readStaticKeys(sources: KeySources, problems: string[]): StaticKeys {
  return new ReadKeys(readAll(sources, problems), sources);
}

class ReadKeys implements StaticKeys {
  constructor(
    readonly keys: readonly StaticKey[],
    private readonly sources: KeySources,
  ) {}

  get files(): string[] {
    return [this.sources.keysFile, this.sources.configFile].filter((file) => file !== undefined);
  }

  reread(): readonly StaticKey[] {
    const problems: string[] = [];
    const keys = readAll({ ...this.sources, isReadAgain: true }, problems);
    if (problems.length > 0) throw new SettingsError(problems);
    return keys;
  }
}

function readAll(sources: KeySources, problems: string[]): StaticKey[] {
  const before = problems.length;
  const { metricsKey } = sources;
  const entries = [
    ...(metricsKey === undefined ? [] : [{ path: 'METRICS_KEY', block: metricsEntry(metricsKey) }]),
    ...entriesIn(sources.text === undefined ? [] : parsed(sources.text, 'API_KEYS', problems), 'API_KEYS', problems),
    ...entriesIn(fileContent(sources, problems), 'API_KEYS_FILE', problems),
    ...entriesIn(configContent(sources, problems), 'general_settings.api_keys', problems),
  ];
  const keys = entries.flatMap(({ path, block }) => {
    const resolved = resolveReferences(withoutNulls(block), sources.variables, path, (problem) =>
      problems.push(problem),
    );
    return readEntry(resolved, path, sources, problems);
  });
  if (problems.length === before) refuseTwins(keys, sources, problems);
  return keys.map(({ key }) => key);
}

const metricsEntry = (key: string) => ({ key, alias: 'metrics', allowed_routes: ['/metrics'] });

/** JSON is YAML, so one reader does for both; its messages quote nothing. */
function parsed(text: string, name: string, problems: string[]): unknown {
  const { content, problems: found } = parseYaml(text, name);
  problems.push(...found);
  return content;
}

function fileContent({ keysFile: file, isReadAgain = false }: KeySources, problems: string[]): unknown {
  if (file === undefined) return [];
  try {
    const content = parsed(readFileSync(file, 'utf8'), 'API_KEYS_FILE', problems);
    if (isReadAgain && content === null) problems.push('API_KEYS_FILE is empty; [] would say that there are no keys');
    return content;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    problems.push(`API_KEYS_FILE names ${file}, which cannot be read (${code ?? 'unknown error'})`);
    return [];
  }
}

/** At the start the file has been read for everything else, and its problems are told once. */
function configContent({ configFile, variables, isReadAgain = false }: KeySources, problems: string[]): unknown {
  if (configFile === undefined) return [];
  const file = readConfigFile(configFile, variables);
  problems.push(...file.problems.filter((problem) => !problems.includes(problem)));
  if (isReadAgain && file.isEmpty) problems.push('CONFIG_FILE is empty');
  return file.general.api_keys ?? [];
}

interface Entry {
  readonly path: string;
  readonly block: unknown;
}

/** A list of entries with their `key`, or a block that maps keys to what else there is. Paths never hold a key. */
function entriesIn(value: unknown, path: string, problems: string[]): Entry[] {
  if (Array.isArray(value)) return value.map((block: unknown, at) => ({ path: `${path}[${at}]`, block }));
  if (isBlock(value)) {
    return Object.entries(value).flatMap(([key, block], at) => {
      if (isBlock(block) || block === null) return [{ path: `${path}[${at}]`, block: { ...block, key } }];
      // Most likely its name is no key, but a heading that was copied along.
      problems.push(`${path}[${at}] must be a block of what its key has, or null`);
      return [];
    });
  }
  if (value !== undefined && value !== null) problems.push(`${path} must be a list of keys, or a block of keys`);
  return [];
}

interface ReadKey {
  readonly path: string;
  readonly key: StaticKey;
}

const KNOWN = implementedKeys(StaticKeyEntry);

function readEntry(block: unknown, path: string, { hasDatabase }: KeySources, problems: string[]): ReadKey[] {
  if (!isBlock(block)) {
    problems.push(`${path} must be a block with a key`);
    return [];
  }
  const entry = plainToInstance(StaticKeyEntry, block);
  const found = [
    ...problemsIn(entry, path),
    ...Object.keys(block)
      .filter((name) => !KNOWN.has(name))
      .map((name) => `${path}.${name} is no setting of a key`),
  ];
  if (!hasDatabase && (entry.max_budget ?? entry.soft_budget ?? entry.budget_duration) !== undefined) {
    found.push(`${path} has a budget, which needs a database (DATABASE_URL is none)`);
  }
  problems.push(...found);
  return found.length === 0 ? [{ path, key: toKey(entry) }] : [];
}

/** What a key is known by: its SHA-256 in hex, which can also stand in its place. */
export function digestOf(key: string): string {
  return /^sha256:([0-9a-f]{64})$/i.exec(key)?.[1]?.toLowerCase() ?? hash('sha256', key);
}

function toKey(entry: StaticKeyEntry): StaticKey {
  const digest = digestOf(entry.key);
  return {
    digest,
    alias: entry.alias ?? `configured-${digest.slice(0, 8)}`,
    models: entry.models ?? [],
    operations: entry.operations ?? [],
    routes: entry.allowed_routes ?? [],
    aliases: entry.aliases ?? {},
    tags: entry.tags ?? [],
    priority: entry.priority ?? 'interactive',
    weight: entry.weight ?? 1,
    requestsPerMinute: entry.rpm_limit,
    imagesPerMinute: entry.ipm_limit,
    parallelRequests: entry.max_parallel_requests,
    maxBudget: entry.max_budget,
    softBudget: entry.soft_budget,
    budgetDuration: entry.budget_duration,
  };
}

function refuseTwins(keys: readonly ReadKey[], { masterKey }: KeySources, problems: string[]): void {
  const digests = new Map([[hash('sha256', masterKey), 'the master key']]);
  const aliases = new Map<string, string>();
  for (const { path, key } of keys) {
    const twin = digests.get(key.digest);
    if (twin !== undefined) problems.push(`${path} is the same key as ${twin}`);
    const namesake = aliases.get(key.alias);
    if (namesake !== undefined) problems.push(`${path} has the same alias as ${namesake}`);
    digests.set(key.digest, path);
    aliases.set(key.alias, path);
  }
}
