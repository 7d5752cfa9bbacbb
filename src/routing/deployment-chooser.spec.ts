import { describe, expect, it } from '@jest/globals';
import type { Deployment } from '../registry/deployment.js';
import { DeploymentChooser } from './deployment-chooser.js';

const aDeployment = (id: string, mode?: Deployment['mode']): Deployment => ({
  id,
  group: 'g',
  model: 'recraftv3',
  apiKey: 'k',
  apiBase: 'http://x',
  timeoutMs: 1,
  defaults: {},
  ...(mode && { mode }),
});

describe('DeploymentChooser', () => {
  it('takes turns', () => {
    const chooser = new DeploymentChooser();
    const deployments = ['a', 'b', 'c'].map((id) => aDeployment(id));
    const chosen = Array.from({ length: 6 }, () => chooser.choose({ deployments }, 'generate').id);
    expect(new Set(chosen.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']));
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3));
  });

  it('keeps to the deployments whose mode names the operation', () => {
    const chooser = new DeploymentChooser();
    const deployments = [aDeployment('make', 'image_generation'), aDeployment('edit', 'image_edit')];
    for (let turn = 0; turn < 4; turn++) {
      expect(chooser.choose({ deployments }, 'generate').id).toBe('make');
      expect(chooser.choose({ deployments }, 'imageToImage').id).toBe('edit');
    }
  });

  it('serves an operation that no mode names all the same', () => {
    const deployments = [aDeployment('a', 'image_edit'), aDeployment('b', 'image_edit')];
    expect(new DeploymentChooser().choose({ deployments }, 'generate').model).toBe('recraftv3');
  });
});
