import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { describeEnvironment } from '../../dist/config/environment.js';
import { createApp } from '../../dist/app.setup.js';
import { readSettings } from '../../dist/config/read-settings.js';
import { withMetrics } from '../../scripts/metrics-table.mjs';

/** What a metric's name can end in beside itself, and names that Prometheus makes. */
const OF_HISTOGRAMS = /_(?:bucket|sum|count)$/;
const METRIC = /\b(?:recraft_gateway|gen_ai|http_server|nodejs|process)_\w+/g;

const page = await readFile('docs/operations.md', 'utf8');
const rules = await readFile('deploy/prometheus/rules.yml', 'utf8');
const dashboard = JSON.parse(await readFile('deploy/grafana/image-gateway.json', 'utf8'));
const alerts = parse(rules).groups.flatMap((group) => group.rules);
const queries = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

let app;
/** Names of the metrics, and of labels, in an answer of `/metrics`. */
let names;

beforeAll(async () => {
  const environment = { MASTER_KEY: 'sk-1234', RECRAFT_API_KEY: 'none', DATABASE_URL: 'none', LOG_LEVEL: 'silent' };
  app = await createApp(readSettings(environment));
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${app.getHttpServer().address().port}/metrics`;
  const text = await (await fetch(url, { headers: { authorization: 'Bearer sk-1234' } })).text();
  names = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
});

afterAll(() => app.close());

/** The metrics in an expression that a gateway does not have; labels stand in braces, in brackets or behind `by`. */
function unknownIn(expression) {
  const metrics = expression.replaceAll(/\{[^}]*\}|\b(?:by|on) \([^)]*\)/g, '').match(METRIC) ?? [];
  return metrics.filter((name) => !names.has(name) && !names.has(name.replace(OF_HISTOGRAMS, '')));
}

/** What an expression measures: a rate of seconds of CPU is cores, quantiles and lags are times. */
function kindOf(expression) {
  if (/histogram_quantile|_lag_/.test(expression)) return 'seconds';
  const [, kind = 'count'] = /(cpu_seconds|_bytes|_dollars|account_up|balance_units)/.exec(expression) ?? [];
  return kind.replace('_', '').replace('cpuseconds', 'cores');
}

describe('docs/operations.md', () => {
  it('has every metric (refresh: npm run build && node scripts/metrics-table.mjs)', async () => {
    expect(page).toBe(await withMetrics(page));
  });

  it('names no variable that is no setting, and so missing in the chart and in compose', () => {
    const settings = new Set(describeEnvironment().map(({ name }) => name));
    const named = page.match(/\b(?:OTEL|UPSTREAM|METRICS)_[A-Z_]+/g);
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
    expect(named).toContain('OTEL_TRACES_SAMPLER');
  });

  it('says what to do about every alert, and about no other', () => {
    const told = [...page.slice(page.indexOf('## Alerts')).matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(told).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });
});

describe('The alert rules', () => {
  it.each(alerts)('$alert asks for metrics that there are', ({ expr }) => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it('are all tested', async () => {
    const { tests } = parse(await readFile('deploy/prometheus/rules.test.yml', 'utf8'));
    const fired = tests.flatMap((test) => test.alert_rule_test).filter((test) => test.exp_alerts?.length > 0);
    expect(new Set(fired.map(({ alertname }) => alertname))).toEqual(new Set(alerts.map(({ alert }) => alert)));
  });
});

describe('The dashboard', () => {
  it.each(queries)('$title asks for metrics that there are: $expr', ({ expr }) => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it.each(dashboard.panels)('draws quantities of one kind on the axis of $title', ({ targets, fieldConfig }) => {
    const kinds = new Set(targets.map(({ expr }) => kindOf(expr)));
    expect(kinds.size).toBe(1);
    expect(kinds.has('seconds')).toBe(fieldConfig.defaults.unit === 's');
    expect(kinds.has('bytes')).toBe(fieldConfig.defaults.unit === 'bytes');
  });

  it('asks for the job that was chosen', () => {
    for (const { expr } of queries) expect(expr).toContain('job="$job"');
  });

  it('shows all that the gateway counts of requests, money and queues', () => {
    const shown = queries.map(({ expr }) => expr).join('\n');
    const wanted = ['errors_total', 'upstream_requests_total', 'cost_dollars_total', 'queue_length', 'account_up'];
    for (const name of wanted) expect(shown).toContain(`recraft_gateway_${name}`);
  });
});
