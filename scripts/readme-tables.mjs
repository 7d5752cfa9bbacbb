/**
 * Keeps the tables of README.md true: they are made of what is built in dist/.
 *
 *     npm run build && node scripts/readme-tables.mjs
 *
 * The same for the Helm chart. test/contract/readme.contract-spec.js and chart.contract-spec.js fail where they differ.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { OPENAI_NAMES } from '../dist/config/aliases.js';
import { describeEnvironment } from '../dist/config/environment.js';
import { FAULTS } from '../dist/errors/gateway-error.js';
import { FAULT_GUIDE } from '../dist/openapi/fault-guide.js';
import { RECRAFT_MODELS } from '../dist/providers/recraft/catalogue.js';
import { CHART, chartValues, withSettings } from './chart-tables.mjs';

const README = fileURLToPath(new URL('../README.md', import.meta.url));

/** The tables by the name that stands in their markers. */
const tables = {
  settings: () =>
    table(
      ['Variable', 'Default', 'What it is for'],
      describeEnvironment().map((variable) => [
        `\`${variable.name}\``,
        codeOr('', variable.default),
        variable.description,
      ]),
    ),

  errors: () =>
    table(
      ['Status', '`code`', '`type`', 'What it means', 'Retried'],
      Object.entries(FAULTS).map(([fault, { status, code, type, retry }]) => [
        String(status),
        `\`${code}\``,
        `\`${type}\``,
        FAULT_GUIDE[fault].means,
        retry !== false && isRetriedByClients(status) ? 'yes' : 'no',
      ]),
    ),

  models: () =>
    table(
      ['Model', 'A picture', 'Output', 'Prompt', 'Edits', 'Square'],
      RECRAFT_MODELS.map((model) => [
        `\`recraft/${model.id}\``,
        `$${(model.microDollarsPerImage / 1_000_000).toFixed(3)}`,
        model.output === 'vector' ? 'SVG' : 'WebP, PNG',
        model.promptMax.toLocaleString('en'),
        model.operations.includes('imageToImage') ? 'yes' : 'no',
        codeOr('any', model.sizes.get('1:1')),
      ]),
    ),

  names: () => OPENAI_NAMES.map((name) => `\`${name}\``).join(', '),
};

/** The text of README.md with every table between its markers made anew. */
export const withTables = (text) => filled(text, tables);

/** The same for the chart's README. */
export async function withValues(text) {
  const values = await chartValues();
  const rows = values.map(({ path, default: value, description }) => [`\`${path}\``, codeOr('', value), description]);
  return filled(text, { values: () => table(['Value', 'Default', 'What it is for'], rows) });
}

function filled(text, made) {
  const parts = Object.entries(made).reduce((readme, [name, make]) => {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before, rest] = readme.split(begin);
    const after = rest?.split(end)[1];
    if (after === undefined) throw new Error(`There is no table between ${begin} and ${end}`);
    return [before, begin, '\n\n', make(), '\n\n', end, after].join('');
  }, text);
  return pretty(parts, 'markdown');
}

/** As prettier writes it. */
export const pretty = async (text, parser) => format(text, { ...(await resolveConfig(README)), parser });

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

/** What OpenAI's SDKs try again unless `x-should-retry: false` forbids it. */
const isRetriedByClients = (status) => [408, 409, 429].includes(status) || status >= 500;

const cell = (text) => text.replaceAll('|', '\\|');

const codeOr = (fallback, text) => (text === undefined ? fallback : `\`${text}\``);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, make] of [
    [README, withTables],
    [join(CHART, 'README.md'), withValues],
    [join(CHART, 'values.schema.json'), (schema) => pretty(withSettings(schema), 'json')],
  ]) {
    await writeFile(file, await make(await readFile(file, 'utf8')));
  }
}
