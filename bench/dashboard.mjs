/**
 * Takes the picture of the dashboard: docs/images/dashboard.png.
 *
 *     npm run build && node bench/dashboard.mjs [seconds, 150 without it]
 *
 * Starts a sandbox, the gateway and Prometheus (Debian's package) on loopback ports, asks for pictures, makes some trouble,
 * then has every panel of deploy/grafana/image-gateway.json drawn from Prometheus' answers to the panel's own queries.
 * Chromium takes the picture. It is no Grafana: the queries are the same, the look is not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../scripts/browser.mjs';
import { Service } from '../scripts/service.mjs';
import { drawPage } from './dashboard-page.mjs';
import { loadFor } from './dashboard-load.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROMETHEUS = '/usr/bin/prometheus';
const MASTER_KEY = 'sk-dashboard';
const STEP_SECONDS = 2;
/** What Grafana would put in place of its variables. */
const VARIABLES = { $job: 'image-gateway', $__rate_interval: '16s' };

const seconds = Number(process.argv[2] ?? 150);
if (!existsSync(PROMETHEUS)) throw new Error('Prometheus is missing: apt-get install prometheus');
const folder = await mkdtemp(path.join(tmpdir(), 'image-gateway-dashboard-'));
const stops = [() => rm(folder, { recursive: true, force: true })];
try {
  await takePicture();
} finally {
  for (const stop of stops.toReversed()) await stop();
}

async function takePicture() {
  const sandbox = await service('sandbox/main.js', {
    SANDBOX_PORT: '0',
    SANDBOX_LATENCY_MS: '150',
    SANDBOX_IMAGES_PER_MINUTE: '0',
  });
  const gateway = await service('main.js', {
    ...{ HOST: '127.0.0.1', PORT: '0', MASTER_KEY, DATA_DIR: path.join(folder, 'data'), SHUTDOWN_GRACE_MS: '0' },
    ...{ RECRAFT_API_KEY: 'sandbox-key', RECRAFT_API_BASE: sandbox, UPSTREAM_IPM: '0', LOG_LEVEL: 'warn' },
  });
  const prometheus = await startPrometheus(gateway);
  const from = Date.now();
  await loadFor(seconds * 1000, { gateway, sandbox, masterKey: MASTER_KEY });
  const dashboard = JSON.parse(await readFile(path.join(ROOT, 'deploy/grafana/image-gateway.json'), 'utf8'));
  const panels = await Promise.all(dashboard.panels.map((panel) => answered(panel, prometheus, from)));
  await photograph(drawPage(panels, { seconds }), path.join(ROOT, 'docs/images/dashboard.png'));
}

async function service(program, env) {
  const started = new Service(path.join(ROOT, 'dist', program), [], env);
  stops.push(() => started.stop());
  return started.ready;
}

async function startPrometheus(gateway) {
  const config = path.join(folder, 'prometheus.yml');
  const scrape = {
    job_name: 'image-gateway',
    authorization: { credentials: MASTER_KEY },
    static_configs: [{ targets: [new URL(gateway).host] }],
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '2s' }, scrape_configs: [scrape] }));
  const address = `127.0.0.1:${await freePort()}`;
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${path.join(folder, 'tsdb')}`];
  const child = spawn(PROMETHEUS, [...options, `--web.listen-address=${address}`, '--log.level=error'], {
    stdio: ['ignore', 2, 2],
  });
  const ended = once(child, 'exit');
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const url = `http://${address}`;
  while (child.exitCode === null && !(await isReady(url))) await sleep(100);
  return url;
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false; // It does not listen yet.
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** A panel with what Prometheus answers to its queries: `{ title, unit, series: [{ name, points: [[seconds, value]] }] }`. */
async function answered({ title, fieldConfig, targets }, prometheus, from) {
  const lists = await Promise.all(targets.map((target) => query(target, prometheus, from)));
  return { title, unit: fieldConfig.defaults.unit, series: lists.flat() };
}

async function query({ expr, legendFormat }, prometheus, from) {
  const text = Object.entries(VARIABLES).reduce((query, [name, value]) => query.replaceAll(name, value), expr);
  const range = { query: text, start: from / 1000, end: Date.now() / 1000, step: STEP_SECONDS };
  const response = await fetch(`${prometheus}/api/v1/query_range?${new URLSearchParams(range)}`);
  const { data, error } = await response.json();
  if (error) throw new Error(`${text}: ${error}`);
  return data.result.map(({ metric, values }) => ({
    name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''),
    points: values.map(([at, value]) => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }));
}

async function photograph(html, file) {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.setContent(html);
    await page.screenshot({ path: file, fullPage: true });
  } finally {
    await browser.close();
  }
}
