import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../dist/sandbox/sandbox.js';

const run = promisify(execFile);

/** Runs a module that imports the package by its name, as an application does; rejects where it does not end by itself. */
function application(code, upstream) {
  const environment = { PATH: process.env.PATH, RECRAFT_API_KEY: 'your-api-key', RECRAFT_API_BASE: upstream.url };
  return run(process.execPath, ['--input-type=module', '--eval', code], { env: environment, timeout: 20_000 });
}

describe('The package', () => {
  it('exports its functions and its errors, and nothing else', async () => {
    expect(Object.keys(await import('image-gateway')).sort()).toEqual([
      'GatewayError',
      'SettingsError',
      'imageEdit',
      'imageGeneration',
    ]);
  });

  it('makes a picture, writes nothing of its own, and lets the process end', async () => {
    await using sandbox = await Sandbox.start();
    const { stdout, stderr } = await application(
      `import { imageGeneration } from 'image-gateway';
       const { data } = await imageGeneration({ model: 'recraft/recraftv3', prompt: 'a fox' });
       console.log(data.length);`,
      sandbox,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: '' });
  }, 30_000);
});
