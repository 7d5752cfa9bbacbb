import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { startGateway } from '../support/gateway.js';

jest.setTimeout(60_000);

const section = /^## Keys and teams\n(.*?)^## /ms.exec(await readFile('README.md', 'utf8'))?.[1] ?? '';
const blocks = (language: string): string[] =>
  [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');

it('What the README says of keys and teams works as it is written', async () => {
  await using database = await testDatabase();
  await using sandbox = await Sandbox.start();
  await using gateway = await startGateway(sandbox, database.environment);
  const commands = blocks('bash').map((block) => block.replaceAll('http://127.0.0.1:4000', gateway.url));

  expect(commands.length).toBeGreaterThan(1);
  for (const command of commands) {
    await expect(promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command])).resolves.toBeDefined();
  }
  const keys = (await (await gateway.call('/key/list?return_full_object=true')).json()) as { keys: object[] };
  expect(keys.keys).toMatchObject([{ key_alias: 'web-shop' }, { key_alias: 'posters', blocked: true }]);
});

it('The file of keys in the README is one', async () => {
  await using sandbox = await Sandbox.start();
  const [yaml = ''] = blocks('yaml');
  await using gateway = await startGateway(sandbox, {
    API_KEYS: JSON.stringify(parse(yaml)),
    SHOP_KEY: 'sk-of-the-shop',
  });
  expect((await gateway.call('/v1/models', { headers: { authorization: 'Bearer sk-of-the-shop' } })).status).toBe(200);
});
