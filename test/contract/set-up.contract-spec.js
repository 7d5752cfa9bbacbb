import { describe, expect, it } from '@jest/globals';
import { isInstalled } from '../../scripts/installed.mjs';

const machine = { platform: 'linux', arch: 'x64' };
const lock = {
  packages: {
    '': { name: 'image-gateway' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/tool': { version: '2.0.0', integrity: 'sha512-tool', dev: true },
    'node_modules/for-linux': { version: '1.0.0', integrity: 'sha512-l', optional: true, os: ['linux'], cpu: ['x64'] },
    'node_modules/for-mac': { version: '1.0.0', integrity: 'sha512-m', optional: true, os: ['darwin'], cpu: ['arm64'] },
  },
};
const ofMac = lock.packages['node_modules/for-mac'];
const installed = Object.fromEntries(
  Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry !== ofMac),
);

describe('A checkout whose packages were installed by hand', () => {
  it('needs no second installation', () => {
    expect(isInstalled(lock, { packages: installed }, machine)).toBe(true);
  });

  it.each([
    ['nothing', {}],
    ['no development tools', { 'node_modules/tool': undefined }],
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
    ['another file of the version', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }],
    ['one package too many', { 'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' } }],
    ['what belongs to another machine', { 'node_modules/for-mac': ofMac }],
  ])('is installed again where there is %s', (what, change) => {
    const all = what === 'nothing' ? {} : { ...installed, ...change };
    const packages = Object.fromEntries(Object.entries(all).filter(([, entry]) => entry !== undefined));
    expect(isInstalled(lock, { packages }, machine)).toBe(false);
  });
});
