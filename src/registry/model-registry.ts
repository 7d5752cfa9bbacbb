import type { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { deploymentId } from './deployment-id.js';
import type { Deployment } from './deployment.js';
import type { ModelCard } from './model-card.js';
import type { ModelEntry, ModelGroup } from './model-group.js';
import { NamePattern } from './name-pattern.js';

/** The provider route of the one provider, as LiteLLM spells it. */
const PREFIX = 'recraft/';

/** Names made up by callers are remembered and warned about up to here. */
const REMEMBERED_NAMES = 1_000;
const WARNED_MODELS = 100;

/** What can be a model's name at the provider. The rest is refused here, before it fills memory or a log. */
const MODEL_ID = /^[\w.:-]{1,200}$/;

/** What else decides about a model where its name leaves it open. */
interface Wishes {
  /** The only kind of picture that is wanted. */
  readonly output?: ModelCard['output'] | undefined;
  /** A curated style that the caller asks for. */
  readonly style?: string | undefined;
  /** A name that is taken where it leads somewhere. */
  readonly usual?: string | undefined;
}

/** The request that a name comes from, as the log tells it. */
export interface Asker {
  readonly id: string;
  readonly traceId: string | undefined;
}

interface Wildcard {
  readonly pattern: NamePattern;
  readonly deployments: readonly Deployment[];
}

/** Knows which deployments a model name leads to, and what the models behind them can do. */
export class ModelRegistry {
  private readonly cards: ReadonlyMap<string, ModelCard>;
  /** Operations that some model takes part in. */
  private readonly modelled: ReadonlySet<string>;
  /** Models by the operations that no other does. */
  private readonly fixed: ReadonlyMap<string, string>;
  private readonly groups: ReadonlyMap<string, ModelGroup>;
  /** Configured deployments without `*`, by the provider's name of their model. */
  private readonly byModel: ReadonlyMap<string, readonly Deployment[]>;
  /** Most specific first. */
  private readonly wildcards: readonly Wildcard[];
  private readonly remembered = new Map<string, ModelGroup>();
  private readonly warned = new Set<string>();

  /** `warn` is told what an operator should look at: models the catalogue does not know, names that lead nowhere. */
  constructor(
    private readonly models: Settings['models'],
    cards: readonly ModelCard[],
    private readonly warn: (message: string, asker?: Asker) => void,
  ) {
    this.cards = new Map(cards.map((card) => [card.id, card]));
    this.fixed = new Map(cards.flatMap(({ id, alwaysDoes = [] }) => alwaysDoes.map((operation) => [operation, id])));
    this.modelled = new Set(cards.flatMap(({ operations }) => operations));
    const plain = models.configured.filter(({ group }) => !group.includes('*'));
    this.groups = new Map(
      [...Map.groupBy(plain, ({ group }) => group)].flatMap(([name, deployments]) =>
        toGroups(name, deployments).map((group) => [name, group] as const),
      ),
    );
    this.byModel = Map.groupBy(plain, ({ model }) => this.card(model)?.id ?? model);
    this.wildcards = [...Map.groupBy(models.configured, ({ group }) => group)]
      .map(([name, deployments]) => ({ pattern: new NamePattern(name), deployments }))
      .filter(({ pattern }) => pattern.isWildcard)
      .toSorted((a, b) => b.pattern.literals - a.pattern.literals);
    this.reportOddities(plain);
  }

  /**
   * Finds the deployments for the name in a request; without a name, those of the default model.
   *
   * @throws GatewayError `unknownModel`
   */
  resolve(name: string | undefined, asker?: Asker): ModelGroup {
    const wanted = name === undefined || name === '' ? this.models.defaultModel : name;
    const known = this.groups.get(wanted) ?? this.remembered.get(wanted);
    if (known !== undefined) return known;
    const found = this.find(wanted);
    if (found === undefined) {
      throw new GatewayError('unknownModel', `The model '${wanted.slice(0, 200)}' does not exist.`, { param: 'model' });
    }
    for (const { model } of found.deployments) this.reportUnknown(model, asker);
    this.remember(wanted, found);
    return found;
  }

  /**
   * As `resolve`; but where the caller left the model open, by naming none or one of the names that stand for the default,
   * and the default does not take part in the operation or draws the other kind, the first model of the catalogue that fits.
   * Where no operator chose the default, it has to have the style too: the first model that has it goes before it.
   * `usual` is the provider's own default for the operation: it goes before the default here where an account reaches it.
   *
   * @throws GatewayError `unknownModel`
   */
  resolveFor(
    name: string | undefined,
    operation: string,
    { output, usual, style }: Wishes = {},
    asker?: Asker,
  ): ModelGroup {
    const preferred = usual !== undefined && this.isOpen(name) ? this.find(usual) : undefined;
    if (preferred !== undefined) return preferred;
    const group = this.resolve(name, asker);
    const card = this.card(group.deployments[0].model);
    // A model that the catalogue does not know may do anything.
    if (card === undefined || !this.isOpen(name) || !this.needsModel(operation)) return group;
    const fitting = (other: ModelCard): boolean => fits(other, operation, output);
    const styled = (other: ModelCard): boolean => fitting(other) && hasStyle(other, style);
    if (styled(card)) return group;
    const withStyle = this.models.isDefaultChosen ? undefined : this.firstOf(styled);
    const other = withStyle ?? (fitting(card) ? undefined : this.firstOf(fitting));
    return other === undefined ? group : { ...other, defaults: { ...other.defaults, ...group.defaults } };
  }

  /** The first model of the catalogue that will do and that an account reaches. */
  private firstOf(suits: (card: ModelCard) => boolean): ModelGroup | undefined {
    for (const [id, card] of this.cards) {
      const able = suits(card) ? this.find(PREFIX + id) : undefined;
      if (able !== undefined) return able;
    }
    return undefined;
  }

  /** The name that is called in the end where a name is asked for; undefined where it leads nowhere. */
  meaningOf(name: string): string | undefined {
    return this.find(name)?.name;
  }

  /** Whether an operation is done by a model that the caller may choose; the others only need an account. */
  needsModel(operation: string): boolean {
    return this.modelled.has(operation);
  }

  /**
   * The name of the model that always does an operation, whatever `group` its account is found by; that group's own where its
   * deployments are this model. Undefined where none is known.
   */
  fixedModel(operation: string, group: ModelGroup): string | undefined {
    const id = this.fixed.get(operation);
    if (id === undefined) return undefined;
    const isThere = group.deployments.every(({ model }) => this.card(model)?.id === id);
    return isThere ? group.name : (this.meaningOf(PREFIX + id) ?? PREFIX + id);
  }

  /** The provider's name of the model that does an operation at a deployment; undefined where no model has a part in it. */
  modelOf(operation: string, { model }: Deployment): string | undefined {
    return this.needsModel(operation) ? model : this.fixed.get(operation);
  }

  /** Whether a name leaves the choice of the model to the gateway. */
  private isOpen(name: string | undefined): boolean {
    return name === undefined || name === '' || this.models.aliases.get(name)?.model === this.models.defaultModel;
  }

  /** The catalogue's card of a model, by the provider's name; raster models also go by `<id>_raster` (recraft-api.md §3). */
  card(model: string): ModelCard | undefined {
    const card = this.cards.get(model);
    if (card !== undefined || !model.endsWith('_raster')) return card;
    const raster = this.cards.get(model.slice(0, -'_raster'.length));
    return raster?.output === 'raster' ? raster : undefined;
  }

  /**
   * The names to show: configured ones, every catalogue model that an account can reach, with the prefix and by its plain
   * name, and at last the aliases.
   */
  list(): ModelEntry[] {
    const aliases = [...this.models.aliases].filter(([, { hidden }]) => hidden !== true).map(([alias]) => alias);
    const builtIn = this.models.builtIn === undefined ? [] : [...this.cards.keys()].map((id) => PREFIX + id);
    const full = [...this.groups.keys(), ...this.namesOfWildcards(), ...builtIn];
    const plain = full.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
    const names = new Set([...full, ...plain.filter((id) => this.cards.has(id)), ...aliases]);
    return [...names].flatMap((name) => {
      const group = this.groups.get(name) ?? this.find(name);
      return group === undefined ? [] : [this.toEntry(name, group)];
    });
  }

  /**
   * One line of the list, also for a name that works without being listed.
   *
   * @throws GatewayError `unknownModel`
   */
  entry(name: string, asker?: Asker): ModelEntry {
    return this.toEntry(name, this.resolve(name, asker));
  }

  /**
   * Every deployment, or the one of an id: the configured ones, wildcards as they stand, and the built-in account's for
   * each catalogue model that it serves.
   *
   * @throws GatewayError `unknownModel` where no deployment has the id
   */
  deployments(id?: string): Deployment[] {
    const { configured } = this.models;
    const ids = new Set(configured.map((deployment) => deployment.id));
    const reachable = [...this.cards.keys()].flatMap((model) => this.find(PREFIX + model)?.deployments ?? []);
    const all = [...configured, ...reachable.filter((deployment) => !ids.has(deployment.id))];
    const wanted = id === undefined ? all : all.filter((deployment) => deployment.id === id);
    if (id !== undefined && wanted.length === 0) {
      throw new GatewayError('unknownModel', `No deployment has the id '${id.slice(0, 200)}'.`, {
        param: 'litellm_model_id',
      });
    }
    return wanted;
  }

  private find(name: string, followed: readonly string[] = []): ModelGroup | undefined {
    const group = this.groups.get(name);
    if (group !== undefined) return group;
    const alias = this.models.aliases.get(name);
    if (alias !== undefined && !followed.includes(name)) {
      const target = this.find(alias.model, [...followed, name]);
      return target && { ...target, defaults: { ...target.defaults, ...alias.defaults } };
    }
    return this.findByProviderName(name) ?? this.findByWildcard(name, this.wildcards);
  }

  /** `recraft/<model>`, or the bare name of a model in the catalogue. */
  private findByProviderName(name: string): ModelGroup | undefined {
    const spelled = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    const card = this.card(spelled);
    if (!MODEL_ID.test(spelled) || (spelled === name && card === undefined)) return undefined;
    // A model is one and the same in each of its spellings: to keys, to budgets and in the log.
    const model = card?.id ?? spelled;
    const full = PREFIX + model;
    const [configured] = toGroups(full, this.byModel.get(model) ?? []);
    if (configured !== undefined) return configured;
    const lenders = this.wildcards.filter(({ pattern }) => pattern.text.startsWith(PREFIX));
    const lent = this.findByWildcard(full, lenders);
    if (lent !== undefined) return lent;
    const builtIn = this.builtIn(model);
    if (builtIn === undefined) return undefined;
    return { name: full, deployments: [builtIn], defaults: {} };
  }

  private findByWildcard(name: string, wildcards: readonly Wildcard[]): ModelGroup | undefined {
    for (const { pattern, deployments } of wildcards) {
      const captured = pattern.capture(name);
      if (captured === undefined) continue;
      const filled = deployments.map((deployment) => ({ ...deployment, model: fillModel(deployment.model, captured) }));
      const [group] = toGroups(
        name,
        filled.filter(({ model }) => MODEL_ID.test(model)),
      );
      if (group === undefined) continue;
      return group;
    }
    return undefined;
  }

  private builtIn(model: string): Deployment | undefined {
    const account = this.models.builtIn;
    if (account === undefined) return undefined;
    const group = PREFIX + model;
    return { id: deploymentId(group, account.apiBase), group, model, ...account, defaults: {} };
  }

  /** What the wildcards' names become for each catalogue model that their entries can reach. */
  private namesOfWildcards(): string[] {
    return this.wildcards.flatMap(({ pattern, deployments }) =>
      deployments.flatMap((deployment) => {
        const model = new NamePattern(deployment.model);
        const captured = [...this.cards.keys()].map((id) => model.capture(id));
        return captured.filter((text) => text !== undefined).map((text) => pattern.fill(text));
      }),
    );
  }

  private toEntry(name: string, { deployments: [first] }: ModelGroup): ModelEntry {
    return { id: name, created: this.card(first.model)?.released ?? 0 };
  }

  private remember(name: string, group: ModelGroup): void {
    if (this.remembered.size >= REMEMBERED_NAMES) {
      const [oldest = name] = this.remembered.keys();
      this.remembered.delete(oldest);
    }
    this.remembered.set(name, group);
  }

  private reportUnknown(model: string, asker?: Asker): void {
    if (this.card(model) !== undefined || this.warned.has(model) || this.warned.size >= WARNED_MODELS) return;
    this.warned.add(model);
    const message = `The catalogue does not know the model '${model}': it is passed on unchecked and without a price.`;
    this.warn(message, asker);
  }

  private reportOddities(plain: readonly Deployment[]): void {
    for (const { model } of plain) this.reportUnknown(model);
    const targets = new Set([this.models.defaultModel, ...[...this.models.aliases.values()].map(({ model }) => model)]);
    for (const target of targets) {
      const group = this.find(target);
      for (const { model } of group?.deployments ?? []) this.reportUnknown(model);
      if (group === undefined) {
        this.warn(`'${target}' is the default model or the target of an alias, and leads to no deployment.`);
      }
    }
  }
}

function fits(card: ModelCard, operation: string, output: ModelCard['output'] | undefined): boolean {
  return card.operations.includes(operation) && (output === undefined || card.output === output);
}

function hasStyle({ styles, baseStyle }: ModelCard, style: string | undefined): boolean {
  return style === undefined || style === baseStyle || styles.has(style);
}

/** A group of the deployments; none where there are none. */
function toGroups(name: string, [first, ...others]: readonly Deployment[]): ModelGroup[] {
  return first === undefined ? [] : [{ name, deployments: [first, ...others], defaults: {} }];
}

/** A name such as `*` also captures the provider's prefix, which is no part of the model's name. */
function fillModel(model: string, captured: string): string {
  const filled = new NamePattern(model).fill(captured);
  return filled.startsWith(PREFIX) ? filled.slice(PREFIX.length) : filled;
}
