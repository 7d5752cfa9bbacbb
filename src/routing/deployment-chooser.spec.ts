import { describe, expect, it } from '@jest/globals';
import type { RoutingSettings, RoutingStrategy } from '../config/routing-settings.js';
import type { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { Deployment } from '../registry/deployment.js';
import { Account } from './account.js';
import { DeploymentChooser } from './deployment-chooser.js';
import { DeploymentState } from './deployment-state.js';
import { LocalSlotClock } from './slots/local-slot-clock.js';
import { ratesOf } from './slots/slot-clock.js';
import type { Target } from './target.js';

const COOLDOWN: RoutingSettings['cooldown'] = { ms: 5_000, allowedFails: 0, disabled: false };
const NO_LIMITS = { requestsPerSecond: 0, requestsPerMinute: 0, imagesPerMinute: 0, parallelRequests: 0 };
const WISH = { key: 'a', weight: 1, priority: 'interactive', images: 1 } as const;

const aDeployment = (id: string, over: Partial<Deployment> = {}): Deployment => ({
  id,
  group: 'g',
  model: 'recraftv3',
  apiKey: 'k',
  apiBase: 'http://x',
  timeoutMs: 1,
  defaults: {},
  ...over,
});

function aTarget(id: string, { rps = 5, ...over }: Partial<Deployment> & { rps?: number } = {}): Target {
  const clock = new LocalSlotClock(ratesOf({ ...NO_LIMITS, requestsPerSecond: rps }));
  const neverUsable = () => Promise.reject(new Error('still empty'));
  return {
    deployment: aDeployment(id, over),
    account: new Account({ clock, parallel: 0, queueSize: 10 }, neverUsable, 60_000),
    state: new DeploymentState(COOLDOWN),
  };
}

/** A chooser among targets, and what it chooses. */
function among(targets: readonly Target[], strategy: RoutingStrategy = 'most-slots-left') {
  const of = (deployment: Deployment): Target => {
    const target = targets.find((each) => each.deployment === deployment);
    if (!target) throw new Error('No such target.');
    return target;
  };
  const chooser = new DeploymentChooser({ routing: { strategy } } as Settings, { of }, { card: () => undefined });
  const group = { deployments: targets.map(({ deployment }) => deployment) };
  return {
    choose: (operation = 'generate') => chooser.choose(group, operation, WISH).deployment.id,
    chooseOther: (...tried: Target[]) => chooser.chooseOther(group, 'generate', WISH, new Set(tried))?.deployment.id,
  };
}

describe('DeploymentChooser', () => {
  it('takes turns', () => {
    const { choose } = among(['a', 'b', 'c'].map((id) => aTarget(id)));
    const chosen = Array.from({ length: 6 }, () => choose());
    expect(new Set(chosen.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']));
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3));
  });

  it('keeps to the deployments whose mode names the operation', () => {
    const { choose } = among([aTarget('make', { mode: 'image_generation' }), aTarget('edit', { mode: 'image_edit' })]);
    for (let turn = 0; turn < 4; turn++) {
      expect(choose()).toBe('make');
      expect(choose('imageToImage')).toBe('edit');
    }
  });

  it('serves an operation that no mode names all the same', () => {
    expect(among([aTarget('a', { mode: 'image_edit' }), aTarget('b', { mode: 'image_edit' })]).choose()).toMatch(/a|b/);
  });

  it('leaves out one that rests, and one whose account is paused', () => {
    const [resting, paused, well] = [aTarget('resting'), aTarget('paused'), aTarget('well')];
    resting.state.failed();
    paused.account.slots.backOff(performance.now(), 10_000);
    const { choose } = among([resting, paused, well]);
    expect([choose(), choose(), choose()]).toEqual(['well', 'well', 'well']);
  });

  it('never lets the only one rest', () => {
    const only = aTarget('only');
    only.state.failed();
    expect(among([only]).choose()).toBe('only');
  });

  it('says when all of them rest, and for how long', () => {
    const targets = [aTarget('a'), aTarget('b')];
    for (const { state } of targets) state.failed();
    expect(() => among(targets).choose()).toThrow(
      expect.objectContaining({ fault: 'allCoolingDown', retryAfterSeconds: 5 }),
    );
  });

  it('tells the trouble of an account where there is no other', () => {
    const only = aTarget('only');
    only.account.takeOut(new GatewayError('quotaExhausted', 'Empty.'));
    expect(() => among([only]).choose()).toThrow(expect.objectContaining({ fault: 'quotaExhausted' }));
    expect(among([only, aTarget('other')]).choose()).toBe('other');
  });

  it('finds another one after a failure, as long as there is one that was not tried', () => {
    const [a, b] = [aTarget('a'), aTarget('b')];
    const { chooseOther } = among([a, b]);
    expect([chooseOther(a), chooseOther(b), chooseOther(a, b)]).toEqual(['b', 'a', undefined]);
  });
});

describe('A routing strategy', () => {
  it('most-slots-left goes where most can be sent, also while requests wait', () => {
    const [small, large] = [aTarget('small', { rps: 2 }), aTarget('large', { rps: 10 })];
    const { choose } = among([small, large]);
    expect([choose(), choose()]).toEqual(['large', 'large']);
  });

  it('simple-shuffle goes by weight', () => {
    const { choose } = among([aTarget('light'), aTarget('heavy', { weight: 9 })], 'simple-shuffle');
    const chosen = Array.from({ length: 1_000 }, () => choose());
    const heavy = chosen.filter((id) => id === 'heavy').length;
    expect(heavy).toBeGreaterThan(820);
    expect(heavy).toBeLessThan(980);
  });

  it.each([
    ['rpm, where all have one', { slots: { requestsPerMinute: 10 } }, { slots: { requestsPerMinute: 90 } }, 0.9],
    [
      'weight before rpm',
      { weight: 1, slots: { requestsPerMinute: 90 } },
      { weight: 9, slots: { requestsPerMinute: 10 } },
      0.9,
    ],
    ['nothing, where one has no rpm', { slots: { requestsPerMinute: 10 } }, {}, 0.5],
    ['nothing, where one has no limit', { slots: { requestsPerMinute: 10 } }, { slots: { requestsPerMinute: 0 } }, 0.5],
  ])('simple-shuffle goes by %s', (_by, first, second, shareOfSecond) => {
    const { choose } = among([aTarget('first', first), aTarget('second', second)], 'simple-shuffle');
    const chosen = Array.from({ length: 2_000 }, () => choose());
    const share = chosen.filter((id) => id === 'second').length / chosen.length;
    expect(Math.abs(share - shareOfSecond)).toBeLessThan(0.06);
  });

  it('least-busy goes where least is under way', () => {
    const [busy, idle] = [aTarget('busy'), aTarget('idle')];
    busy.state.inFlight = 3;
    const { choose } = among([busy, idle], 'least-busy');
    expect([choose(), choose()]).toEqual(['idle', 'idle']);
  });

  it.each(['latency-based', 'latency-based-routing'] as const)('%s goes where answers come soonest', (strategy) => {
    const [slow, quick] = [aTarget('slow'), aTarget('quick')];
    slow.state.succeeded(9_000);
    quick.state.succeeded(4_000);
    const { choose } = among([slow, quick], strategy);
    expect([choose(), choose()]).toEqual(['quick', 'quick']);
  });

  it.each(['cost-based', 'cost-based-routing'] as const)('%s goes where a picture costs least', (strategy) => {
    const dear = aTarget('dear', { microDollarsPerImage: 40_000 });
    const { choose } = among([aTarget('unpriced'), dear, aTarget('cheap', { microDollarsPerImage: 7_000 })], strategy);
    expect([choose(), choose(), choose()]).toEqual(['cheap', 'cheap', 'cheap']);
  });
});
