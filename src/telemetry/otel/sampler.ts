import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Settings } from '../../config/settings.js';

const BEHIND_PARENT = 'parentbased_';

/** Decides which traces are recorded, by the name that OpenTelemetry's own variable has for it. */
export function samplerOf({ sampler, sampledShare }: NonNullable<Settings['openTelemetry']>): Sampler {
  const own = sampler.replace(BEHIND_PARENT, '');
  const root = rootSampler(own, sampledShare);
  return own === sampler ? root : new ParentBasedSampler({ root });
}

function rootSampler(name: string, share: number): Sampler {
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(share);
  return name === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler();
}
