/**
 * Keeps the tables of README.md true: they are made of what is built in dist/.
 *
 *     npm run build && node scripts/readme-tables.mjs
 *
 * test/contract/readme.contract-spec.js fails where they differ.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describeEnvironment } from '../dist/config/environment.js';
import { FAULTS } from '../dist/errors/gateway-error.js';
import { FAULT_GUIDE } from '../dist/openapi/fault-guide.js';
import { RECRAFT_MODELS } from '../dist/providers/recraft/catalogue.js';

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
};

/** The text with every table between its markers made anew. */
export async function withTables(text) {
  const parts = Object.entries(tables).reduce((readme, [name, make]) => {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before, rest] = readme.split(begin);
    const after = rest?.split(end)[1];
    if (after === undefined) throw new Error(`README.md has no table between ${begin} and ${end}`);
    return [before, begin, '\n\n', make(), '\n\n', end, after].join('');
  }, text);
  return format(parts, { ...(await resolveConfig(README)), parser: 'markdown' });
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

/** What OpenAI's SDKs try again unless `x-should-retry: false` forbids it. */
const isRetriedByClients = (status) => [408, 409, 429].includes(status) || status >= 500;

const cell = (text) => text.replaceAll('|', '\\|');

const codeOr = (fallback, text) => (text === undefined ? fallback : `\`${text}\``);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(README, await withTables(await readFile(README, 'utf8')));
}
