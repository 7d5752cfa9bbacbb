import { aliasLoops, readAliases } from './aliases.js';
import { apiAddress } from './checks.js';
import { parseModelList, type ConfigFile } from './config-file.js';
import { toDeployments, type Account, type NamedList } from './deployments.js';
import type { Environment } from './environment.js';
import type { ConfiguredDeployment, Settings } from './settings.js';

/**
 * Everything about models: the file's `model_list`, then MODEL_LIST, the aliases and the default.
 * What is wrong is added to `problems`.
 */
export function readModels(
  environment: Environment,
  file: ConfigFile,
  problems: string[],
): { models: Settings['models']; unimplemented: readonly string[] } {
  const fromVariable = parseModelList(environment.MODEL_LIST ?? '[]', file.variables, problems);
  const lists: NamedList[] = [
    { name: 'model_list', entries: file.models },
    { name: 'MODEL_LIST', entries: fromVariable.models },
  ];
  const account = accountOf(environment);
  if (account.apiKey === undefined && file.readable && lists.every(({ entries }) => entries.length === 0)) {
    problems.push('RECRAFT_API_KEY is not set, and no entry of model_list has an api_key');
  }
  const configured = toDeployments(lists, account, problems);
  const groups = new Set(configured.map(({ group }) => group));
  const chosenModel =
    file.variables['DEFAULT_MODEL'] ??
    file.general.image_generation_model ??
    (account.apiKey === undefined ? firstPlainName(configured) : undefined);
  const defaultModel = chosenModel ?? environment.DEFAULT_MODEL;
  const aliases = readAliases(defaultModel, file.litellm.model_alias_map, file.router.model_group_alias);
  problems.push(...aliasLoops(aliases, groups));
  return {
    models: {
      defaultModel,
      isDefaultChosen: chosenModel !== undefined,
      defaultResponseFormat: environment.DEFAULT_RESPONSE_FORMAT,
      dropParams: environment.DROP_PARAMS,
      allowSecondCharge: environment.ALLOW_SECOND_CHARGE,
      configured,
      longestStreamMs: environment.STREAM_TIMEOUT_MS,
      aliases,
      builtIn: account.apiKey === undefined ? undefined : { ...account, apiKey: account.apiKey },
    },
    unimplemented: [...file.unimplemented, ...fromVariable.unimplemented],
  };
}

function accountOf(environment: Environment): Account {
  return {
    ...(environment.RECRAFT_API_KEY !== undefined && { apiKey: environment.RECRAFT_API_KEY }),
    // A base that is no address is among the problems already.
    apiBase: apiAddress(environment.RECRAFT_API_BASE) ?? '',
    timeoutMs: environment.REQUEST_TIMEOUT_MS,
    streamTimeoutMs: environment.STREAM_TIMEOUT_MS,
  };
}

const firstPlainName = (configured: readonly ConfiguredDeployment[]): string | undefined =>
  configured.find(({ group }) => !group.includes('*'))?.group;
