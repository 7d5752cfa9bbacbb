/**
 * Keeps the chart true to the gateway: the table of values in its README is made of values.yaml, and the settings that
 * values.schema.json lets pass are those of the code.
 *
 *     npm run readme
 *
 * test/contract/chart.contract-spec.js fails where they differ.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, parseDocument } from 'yaml';
import { describeEnvironment } from '../dist/config/environment.js';

/** Where the chart stands. */
export const CHART = fileURLToPath(new URL('../deploy/helm/image-gateway', import.meta.url));

/** Settings that the chart sets itself; those that are secret belong into the secret. */
const SET_BY_THE_CHART = [
  ...['HOST', 'PORT', 'DATA_DIR', 'CONFIG_FILE', 'API_KEYS_FILE'],
  ...['SHUTDOWN_GRACE_MS', 'SHUTDOWN_TIMEOUT_MS'],
];

/** The schema's text with the names that `settings` may have. */
export function withSettings(schema) {
  const content = JSON.parse(schema);
  content.properties.settings.propertyNames.enum = describeEnvironment()
    .filter(({ name, secret }) => !secret && !SET_BY_THE_CHART.includes(name))
    .map(({ name }) => name);
  return JSON.stringify(content, null, 2);
}

/** Rows of the values: path, default, and the comment `# -- …` above it. */
export async function chartValues() {
  const { contents } = parseDocument(await readFile(`${CHART}/values.yaml`, 'utf8'));
  return rowsOf(contents, []);
}

function rowsOf(map, path) {
  return map.items.flatMap((pair, index) => {
    const here = [...path, pair.key.value];
    // What stands above the first entry of a map belongs to the map in this parser.
    const comment = pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    const isGroup = isMap(pair.value) && pair.value.items.length > 0 && !pair.value.flow;
    if (isGroup && !isDocumented(comment)) return rowsOf(pair.value, here);
    return [{ path: here.join('.'), default: defaultOf(pair.value), description: describe(comment) }];
  });
}

const isDocumented = (comment) => comment?.trimStart().startsWith('-- ') ?? false;

const describe = (comment) => (isDocumented(comment) ? comment.trim().slice(3).replaceAll(/\n\s*/g, ' ') : '');

function defaultOf(node) {
  const value = isScalar(node) ? node.value : node.toJSON();
  return value === '' ? undefined : JSON.stringify(value);
}
