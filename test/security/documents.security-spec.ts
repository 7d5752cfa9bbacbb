import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readSettings } from '../../src/config/read-settings.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { startGateway } from '../support/gateway.js';
import { statusWith } from '../support/keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(30_000);

const run = promisify(execFile);

describe('docs/threat-model.md', () => {
  let rows: string[] = [];

  beforeAll(async () => {
    const page = await readFile('docs/threat-model.md', 'utf8');
    const table = page.split('\n## Threats\n')[1]?.split('\n## ')[0] ?? '';
    rows = table.split('\n').filter((line) => /^\| (?!Threat|---)/.test(line));
  });

  it('names a test of every threat that exists in the file it names', async () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const tests = [...row.matchAll(/\]\(\.\.\/([\w./-]+)\): “([^”]+)”/g)];
      expect([row, tests.length, row.split('](').length - 1]).toEqual([row, expect.any(Number), tests.length]);
      expect(tests.length).toBeGreaterThan(0);
      for (const [, file = '', name = ''] of tests) expect({ file, name, isThere: (await readFile(file, 'utf8')).includes(name) }).toEqual({ file, name, isThere: true }); // prettier-ignore
    }
  });
});

describe('CONTRIBUTING.md and SECURITY.md', () => {
  it('name files that exist', async () => {
    const page = await readFile('CONTRIBUTING.md', 'utf8');
    const named = [...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)].map(([, path = '']) => path);
    const files = named.filter((path) => /\/|\.(?:md|js|json|ts)$/.test(path));
    expect(files.length).toBeGreaterThan(25);
    for (const path of files) await expect(access(path).then(() => path)).resolves.toBe(path);
  });

  it.each(['CONTRIBUTING.md', 'SECURITY.md'])('%s leads to files that are there', async (page) => {
    const targets = [...(await readFile(page, 'utf8')).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
    expect(targets.length).toBeGreaterThan(0);
    for (const [, target = ''] of targets) {
      const path = join(dirname(page), target);
      await expect(access(path).then(() => path)).resolves.toBe(path);
    }
  });
});

describe('docs/migrating-from-litellm.md', () => {
  let page = '';
  const blocks = (language: string): string[] =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');

  beforeAll(async () => {
    page = await readFile('docs/migrating-from-litellm.md', 'utf8');
  });

  it('has files of which every one is loaded below', () => {
    expect(blocks('yaml')).toHaveLength(3);
    expect(blocks('bash')).toHaveLength(2);
    expect(page.match(/^```/gm)).toHaveLength(10);
  });

  it('has a first file with which every command works as it is written', async () => {
    await using database = await testDatabase();
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'config.yaml');
    await writeFile(path, blocks('yaml')[0] ?? '');
    await using gateway = await startGateway(sandbox, { ...database.environment, CONFIG_FILE: path, MASTER_KEY: '' });
    for (const block of blocks('bash')) {
      const command = block.replaceAll('http://127.0.0.1:4000', gateway.url);
      await expect(run('bash', ['-euo', 'pipefail', '-c', command])).resolves.toMatchObject({ stdout: expect.stringMatching(/^\{/) as unknown }); // prettier-ignore
    }
    expect(sandbox.requests()).toHaveLength(2);
    expect(await statusWith(gateway, 'sk-the-key-they-already-have')).toBe(200);
  });

  it('has a second file of which every key is known', async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'config.yaml');
    await writeFile(path, blocks('yaml')[1] ?? '');
    const keys = { LITELLM_MASTER_KEY: 'sk-1234', MASTER_KEY: '', SECOND_RECRAFT_API_KEY: 'second' };
    await using gateway = await startGateway(sandbox, { ...keys, CONFIG_FILE: path });
    const response = await gateway.post('/v1/images/generations', { model: 'dall-e-3', prompt: 'a fox' });
    expect(response.status).toBe(200);
    expect(sandbox.requests()[0]?.fields).toMatchObject({ model: 'recraftv3' });
    const { warnings } = readSettings({ ...keys, CONFIG_FILE: path, RECRAFT_API_KEY: 'first' });
    expect(warnings.filter((warning) => warning.startsWith('Not implemented here'))).toEqual([]);
  });

  it("has a file of keys in LiteLLM's digests, under which they work on", async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'keys.yaml');
    await writeFile(path, blocks('yaml')[2] ?? '');
    const model = [{ model_name: 'recraft-v3', litellm_params: { model: 'recraft/recraftv3' } }];
    await using gateway = await startGateway(sandbox, {
      API_KEYS_FILE: path,
      MASTER_KEY: 'sk-master',
      MODEL_LIST: JSON.stringify(model),
    });
    expect(blocks('yaml')[2]).toContain(hash('sha256', 'sk-1234'));
    expect(await statusWith(gateway, 'sk-1234')).toBe(200);
    expect(await statusWith(gateway, 'sk-1235')).toBe(401);
  });
});
