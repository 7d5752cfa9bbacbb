import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const REQUESTS_A_SECOND_OF_AN_ACCOUNT = 5;

const measured = await readFile('bench/README.md', 'utf8');
const told = await readFile('docs/kubernetes.md', 'utf8');
const { requests } = parse(await readFile('deploy/helm/image-gateway/values.yaml', 'utf8')).resources;

/** The gateway's rows of the benchmark's first table: case, target, req/s, p50, p99, CPU, peak. */
const rows = measured
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, , target, ...rest]) => target === 'image-gateway' && rest.length === 9)
  .map(([, name, , , , , cpuMs, peakMb]) => ({ name, cpuMs: Number(cpuMs), peakMb: Number(peakMb) }));

it.each([
  ['small JSON answer', /small answer takes less than ([\d.]+) ms/],
  ['1 MiB base64 answer', /1 MiB base64 answer less than ([\d.]+) ms/],
  ['5 MiB upload', /upload of 5 MiB less than ([\d.]+) ms/],
])('The CPU that the page about Kubernetes tells is above what was measured: %s', (name, pattern) => {
  const bound = Number(pattern.exec(told)?.[1]);
  const { cpuMs } = rows.find((row) => row.name === name);
  expect(cpuMs).toBeGreaterThan(0);
  expect(cpuMs).toBeLessThan(bound);
  expect((bound * REQUESTS_A_SECOND_OF_AN_ACCOUNT) / 1000).toBeLessThan(Number.parseInt(requests.cpu, 10) / 1000);
});

it('The memory that a pod requests is above every peak that was measured', () => {
  expect(rows).toHaveLength(4);
  const requestedMb = (Number.parseInt(requests.memory, 10) * 1024 * 1024) / 1_000_000;
  for (const { name, peakMb } of rows) expect({ name, fits: peakMb < requestedMb }).toEqual({ name, fits: true });
});
