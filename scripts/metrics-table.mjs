/**
 * Keeps the table of metrics in docs/operations.md true: it is made of what the built gateway registers.
 *
 *     npm run build && node scripts/metrics-table.mjs
 *
 * test/contract/operations.contract-spec.js fails where they differ.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { createApp } from '../dist/app.setup.js';
import { readSettings } from '../dist/config/read-settings.js';
import { Metrics } from '../dist/telemetry/metrics.js';

const PAGE = fileURLToPath(new URL('../docs/operations.md', import.meta.url));
const [BEGIN, END] = ['<!-- metrics: begin -->', '<!-- metrics: end -->'];

/** What prom-client's default metrics begin with: Node and the process, described by prom-client. */
const DEFAULTS = /^(nodejs|process)_/;

/** The text with the table between its markers made anew. */
export async function withMetrics(text) {
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/operations.md has no table between ${BEGIN} and ${END}`);
  const page = [before, BEGIN, '\n\n', table(await metrics()), '\n\n', END, after].join('');
  return format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

/** Every metric of a gateway of its own, by name. */
async function metrics() {
  const environment = { MASTER_KEY: 'sk-none', RECRAFT_API_KEY: 'none', DATABASE_URL: 'none', LOG_LEVEL: 'silent' };
  const app = await createApp(readSettings(environment));
  const { registry } = app.get(Metrics);
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, type]));
  const rows = registry
    .getMetricsAsArray()
    .filter(({ name }) => !DEFAULTS.test(name))
    .map(({ name, help, labelNames = [] }) => ({ name, help, labelNames, type: types.get(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  await app.close();
  return rows;
}

function table(rows) {
  const lines = rows.map(({ name, type, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`;
  });
  return ['| Metric | Type | Labels | What it tells |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(PAGE, await withMetrics(await readFile(PAGE, 'utf8')));
}
