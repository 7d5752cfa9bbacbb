import { describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { EXAMPLES, only, render, renderAs, withValues } from '../support/chart.mjs';
import { problemsOf } from '../support/schemas.mjs';

// Helm is started for every case, and a busy machine takes its time.
jest.setTimeout(60_000);

/** Every text that a value may be, and that YAML takes for something else where it stands without quotes. */
const TREACHEROUS = {
  image: { repository: 'images', tag: '1e3' },
  keysSecret: 'true',
  priorityClassName: '1000',
  ingress: { enabled: true, className: '0x10', hosts: [{ host: '*.example.com', path: '/ # all' }, { host: '127.1' }] },
  serviceMonitor: { enabled: true, keySecret: '1e3', keyName: '007' },
};

describe('A text that looks like something else', () => {
  it('is written as a text, in manifests that Kubernetes takes', async () => {
    const manifests = await withValues({ ...TREACHEROUS, secret: { existing: '123' } }, (file) =>
      render('--values', file),
    );
    const { spec } = only(manifests, 'Deployment').spec.template;
    const { ingressClassName, rules } = only(manifests, 'Ingress').spec;

    for (const manifest of manifests) {
      expect({ kind: manifest.kind, problems: await problemsOf(manifest) }).toMatchObject({ problems: [] });
    }
    expect(spec.containers[0].envFrom).toEqual([{ secretRef: { name: '123' } }]);
    expect(spec.containers[0].image).toBe('images:1e3');
    expect(spec.priorityClassName).toBe('1000');
    expect(spec.volumes).toContainEqual({ name: 'keys', secret: { secretName: 'true' } });
    expect(ingressClassName).toBe('0x10');
    expect(rules.map(({ host, http }) => [host, http.paths[0].path])).toEqual([
      ['*.example.com', '/ # all'],
      ['127.1', '/'],
    ]);
    expect(only(manifests, 'ServiceMonitor').spec.endpoints[0].authorization.credentials).toEqual({
      name: '1e3',
      key: '007',
    });
  });

  it('is written as a text for External Secrets too, and in the labels of a release that is called by a number', async () => {
    const manifests = renderAs('42', '--values', join(EXAMPLES, 'external-secret.yaml'));

    expect(only(manifests, 'Service').spec.selector['app.kubernetes.io/instance']).toBe('42');
    for (const manifest of manifests) {
      expect({ kind: manifest.kind, problems: await problemsOf(manifest) }).toMatchObject({ problems: [] });
    }
  });
});
