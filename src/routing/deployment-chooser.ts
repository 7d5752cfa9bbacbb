import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { Deployment } from '../registry/deployment.js';
import { ModelRegistry } from '../registry/model-registry.js';
import type { Waiting } from './slots/fair-queue.js';
import { type ChoiceContext, STRATEGIES } from './strategies.js';
import type { Target } from './target.js';
import { Targets } from './targets.js';

/** Operations that start from words alone; every other one changes a picture. */
const GENERATING: ReadonlySet<string> = new Set(['generate', 'explore', 'exploreSimilar']);

const NONE: ReadonlySet<Target> = new Set();

interface Group {
  readonly deployments: readonly Deployment[];
}

/** Chooses one deployment of a model group. */
@Injectable()
export class DeploymentChooser {
  private readonly context: Omit<ChoiceContext, 'wish'> = {
    priceOf: ({ deployment: { model, microDollarsPerImage } }) =>
      microDollarsPerImage ?? this.registry.card(model)?.microDollarsPerImage,
    random: Math.random,
  };
  private turn = 0;

  constructor(
    @Inject(Settings) private readonly settings: Pick<Settings, 'routing'>,
    @Inject(Targets) private readonly targets: Pick<Targets, 'of'>,
    @Inject(ModelRegistry) private readonly registry: Pick<ModelRegistry, 'card'>,
  ) {}

  /**
   * The one that serves a request now, by the operator's strategy: of those whose `mode` names the operation, and where
   * none does, of all. Left out are those that rest, and those whose account is out of service.
   *
   * @throws GatewayError the account's own trouble where there is nothing else; `allCoolingDown` where all are left out
   */
  choose(group: Group, operation: string, wish: Waiting): Target {
    const candidates = this.candidates(group, operation);
    const [only] = candidates;
    const chosen = only && candidates.length === 1 ? sole(only) : this.pick(candidates, wish, NONE);
    if (chosen) return chosen;
    throw noneLeft(candidates);
  }

  /** Another one for a request that failed; undefined where there is none but those that were tried. */
  chooseOther(group: Group, operation: string, wish: Waiting, tried: ReadonlySet<Target>): Target | undefined {
    return this.pick(this.candidates(group, operation), wish, tried);
  }

  /** Whether a request would wait less at another deployment's account, where the strategy goes by that. */
  isSoonerElsewhere(group: Group, operation: string, wish: Waiting, than: Target): boolean {
    if (this.settings.routing.strategy !== 'most-slots-left') return false;
    const chosen = this.pick(this.candidates(group, operation), wish, NONE);
    return chosen !== undefined && chosen !== than && waitMs(chosen, wish) < waitMs(than, wish);
  }

  private candidates({ deployments }: Group, operation: string): Target[] {
    if (deployments.length === 1) return deployments.map((deployment) => this.targets.of(deployment));
    const wanted = GENERATING.has(operation) ? 'image_generation' : 'image_edit';
    const fitting = deployments.filter(({ mode }) => mode === undefined || mode === wanted);
    return (fitting.length > 0 ? fitting : deployments).map((deployment) => this.targets.of(deployment));
  }

  private pick(candidates: readonly Target[], wish: Waiting, tried: ReadonlySet<Target>): Target | undefined {
    const working = candidates.filter(
      (target) => !tried.has(target) && target.state.restMs === 0 && target.account.outage === undefined,
    );
    const running = working.filter(({ account }) => account.slots.pausedMs === 0);
    const usable = running.length > 0 ? running : working;
    if (usable.length <= 1) return usable[0];
    // Equals take turns.
    this.turn = (this.turn + 1) % Number.MAX_SAFE_INTEGER;
    const first = this.turn % usable.length;
    const inTurn = [...usable.slice(first), ...usable.slice(0, first)];
    return STRATEGIES[this.settings.routing.strategy](inTurn, { ...this.context, wish });
  }
}

function waitMs({ account, state }: Target, wish: Waiting): number {
  return account.slots.leastWaitMs(wish, state.latencyMs);
}

/** The only one never rests: its failures are no worse than an answer without having tried. */
function sole(target: Target): Target | undefined {
  return target.account.outage === undefined ? target : undefined;
}

function noneLeft(candidates: readonly Target[]): GatewayError {
  const outages = candidates.map(({ account }) => account.outage);
  const [outage] = outages;
  if (outage !== undefined && !outages.includes(undefined)) {
    return new GatewayError(outage.fault, outage.message, { cause: outage.cause });
  }
  const rests = candidates.filter(({ account }) => account.outage === undefined).map(({ state }) => state.restMs);
  const seconds = Math.min(Math.max(Math.ceil(Math.min(...rests) / 1000), 1), 59);
  const message = `No deployments available for selected model, Try again in ${seconds} seconds.`;
  return new GatewayError('allCoolingDown', message, { retryAfterSeconds: seconds });
}
