import { Injectable } from '@nestjs/common';
import type { Deployment } from '../registry/deployment.js';

/** Operations that start from words alone; every other one changes a picture. */
const GENERATING: ReadonlySet<string> = new Set(['generate', 'explore', 'exploreSimilar']);

/** Chooses one deployment of a model group. */
@Injectable()
export class DeploymentChooser {
  private turn = 0;

  /** The next in turn of those whose `mode` names the operation; where none does, of all. */
  choose(group: { readonly deployments: readonly Deployment[] }, operation: string): Deployment {
    const { deployments } = group;
    const [only] = deployments;
    if (only && deployments.length === 1) return only;
    const wanted = GENERATING.has(operation) ? 'image_generation' : 'image_edit';
    const fitting = deployments.filter(({ mode }) => mode === undefined || mode === wanted);
    const candidates = fitting.length > 0 ? fitting : deployments;
    this.turn = (this.turn + 1) % Number.MAX_SAFE_INTEGER;
    const chosen = candidates[this.turn % candidates.length];
    if (!chosen) throw new Error('A model group has at least one deployment.');
    return chosen;
  }
}
