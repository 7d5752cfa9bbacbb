import { stat } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditLog } from '../audit/audit-log.js';
import { Settings, type StaticKey } from '../config/settings.js';
import { SettingsError } from '../config/settings-error.js';
import { Database } from '../database/database.js';
import { Budgets } from '../spend/budgets.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { LOGGER } from '../telemetry/logger.js';
import { termsOf } from './allowance.js';
import { type Caller, limitsOf } from './caller.js';
import { statesOf } from './configured-key-changes.js';
import { KeyRing } from './key-ring.js';
import { takenDigests } from './key-rows.js';
import { withMeanings } from './key-reading.js';

/** A mounted file is a link to a link that Kubernetes turns round: looking at where it leads is what always works. */
const LOOK_EVERY_MS = 1_000;

/** Who changes these keys, in the audit log: nobody who asks this API for it. */
const ACTOR = 'configuration';

/** The keys of the configuration. They are read again when a file they stand in changes; a broken file changes nothing. */
@Injectable()
export class ConfiguredKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private looking: NodeJS.Timeout | undefined;
  private seen = '';
  private isLooking = false;
  private used: readonly StaticKey[] = [];

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    private readonly ring: KeyRing,
    private readonly registry: ModelRegistry,
    private readonly budgets: Budgets,
    private readonly audit: AuditLog,
    @Inject(Database) private readonly database: Database | undefined,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { keys, files } = this.settings.staticKeys;
    await this.use(keys);
    if (files.length === 0) return;
    this.seen = await this.state();
    this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.looking);
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const state = await this.state();
    if (state !== this.seen) await this.readAgain(state);
    this.isLooking = false;
  }

  /** A broken file is told of once; what a database that is away would not take is tried again. */
  private async readAgain(state: string): Promise<void> {
    try {
      const keys = this.settings.staticKeys.reread();
      await this.use(keys);
      this.seen = state;
      this.logger.info({ keys: keys.length }, 'The configured keys were read again. Other settings need a restart.');
    } catch (error) {
      const isBroken = error instanceof SettingsError;
      if (isBroken) this.seen = state;
      const detail = isBroken ? { problems: error.problems } : { err: error };
      this.logger.error(detail, 'The configured keys cannot be used; the former ones stay.');
    }
  }

  private async use(keys: readonly StaticKey[]): Promise<void> {
    const { database } = this;
    const own = database ? await this.withoutVirtual(keys, database) : keys;
    if (database) {
      for (const key of own) await this.budgets.define(scopeOf(key), budgetOf(key));
      await this.audit.recordStates(ACTOR, statesOf(own, this.used));
    }
    this.used = own;
    this.ring.replaceConfigured(own.map((key) => this.toCaller(key, database !== undefined)));
  }

  /** A virtual key keeps the budget and the limits that it was given: a configuration that names it, too, would take them away. */
  private async withoutVirtual(keys: readonly StaticKey[], { query }: Database): Promise<StaticKey[]> {
    const digests = keys.map(({ digest }) => digest);
    const virtual = await takenDigests(query, digests);
    for (const { digest, alias } of keys) {
      if (!virtual.has(digest)) continue;
      this.logger.error(
        { alias, key: digest },
        'A configured key is not used: it is a virtual key, or was one that has another name now.',
      );
    }
    return keys.filter(({ digest }) => !virtual.has(digest));
  }

  private toCaller(key: StaticKey, hasDatabase: boolean): Caller {
    const { digest: id, alias, operations, routes, aliases, tags, priority, weight } = key;
    const scope = scopeOf(key);
    return {
      ...{ id, scope, alias, operations, routes, aliases, tags, priority, weight },
      isMaster: false,
      models: withMeanings(key.models, this.registry),
      limits: limitsOf(key.requestsPerMinute, key.imagesPerMinute, key.parallelRequests),
      budgets: hasDatabase ? [scope] : [],
      isBudgeted: key.maxBudget !== undefined,
    };
  }

  /** What tells a file from its next version; one that is not there is a version too. */
  private async state(): Promise<string> {
    const states = this.settings.staticKeys.files.map(async (file) => {
      try {
        const { ino, mtimeMs, size } = await stat(file);
        return `${ino} ${mtimeMs} ${size}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unreadable';
      }
    });
    return (await Promise.all(states)).join('\n');
  }
}

const scopeOf = ({ digest }: StaticKey): string => `key:${digest}`;

function budgetOf({ maxBudget, softBudget, budgetDuration }: StaticKey) {
  return termsOf({
    ...(maxBudget !== undefined && { max_budget: maxBudget }),
    ...(softBudget !== undefined && { soft_budget: softBudget }),
    ...(budgetDuration !== undefined && { budget_duration: budgetDuration }),
  });
}
