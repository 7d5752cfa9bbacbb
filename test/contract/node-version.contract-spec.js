import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Runs a program of dist/ on a Node that calls itself another version. */
function runOn(version, program) {
  const disguise = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`, `dist/${program}`, '--help'];
  // Without a setting: what gets past the check ends by itself all the same.
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
  return { status, stderr };
}

describe('An older Node', () => {
  it.each([
    ['cli.js', '20.20.2'],
    ['cli.js', '24.14.9'],
    ['main.js', '22.0.0'],
  ])('is told by %s what is needed (%s)', (program, version) => {
    const stderr = `image-gateway needs Node >= 24.15; this is Node ${version}.\n`;
    expect(runOn(version, program)).toEqual({ status: 1, stderr });
  });

  it.each(['24.15.0', '26.0.0'])('is not one like %s', (version) => {
    expect(runOn(version, 'cli.js')).toEqual({ status: 0, stderr: '' });
  });

  it('is what package.json says it is', async () => {
    expect(JSON.parse(await readFile('package.json', 'utf8')).engines.node).toMatch(/^>=24\.15 /);
  });
});
