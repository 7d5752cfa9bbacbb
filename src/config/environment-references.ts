import { isBlock } from './checks.js';

const REFERENCE = 'os.environ/';

/**
 * Replaces every `os.environ/NAME` in a document by the variable's value, whatever depth it stands at; `true` and
 * `false` become flags, as in LiteLLM. An unset name is told to `onUnset` and left as it stands.
 */
export function resolveReferences(
  value: unknown,
  variables: Readonly<Record<string, string>>,
  path: string,
  onUnset: (problem: string) => void,
): unknown {
  const within = (item: unknown, key: string) => resolveReferences(item, variables, path + key, onUnset);
  if (Array.isArray(value)) return value.map((item, index) => within(item, `[${index}]`));
  if (isBlock(value)) {
    const separator = path === '' ? '' : '.';
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, within(item, separator + key)]));
  }
  if (typeof value !== 'string' || !value.startsWith(REFERENCE)) return value;
  const name = value.slice(REFERENCE.length).trim();
  const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (text === undefined) {
    onUnset(`${name} is not set: ${path} takes its value from the environment`);
    return value;
  }
  return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
}
