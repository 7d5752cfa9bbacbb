import { CustomStyles } from './custom-styles.js';
import { FaultQueue } from './fault.js';
import { Holds } from './holds.js';
import { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import { PictureStore } from './picture-store.js';
import { NUMERIC_SETTINGS, problemWith, type SandboxSettings } from './settings.js';
import type { Size } from './sizes.js';
import { SlidingWindow } from './sliding-window.js';

/** How many of the latest requests are remembered. */
const KEPT_REQUESTS = 1000;

/** What a set of sketches was drawn from. */
export interface Sketch extends Size {
  readonly model: string;
  readonly prompt: string;
}

/** Everything a sandbox remembers, and the clock it goes by. */
export class SandboxState {
  readonly journal = new Journal(KEPT_REQUESTS);
  readonly faults = new FaultQueue();
  readonly holds = new Holds();
  readonly ledger: Ledger;
  readonly pictures: PictureStore;
  /** Requests of the last second, and pictures of the last minute, by token. */
  readonly requestRate: SlidingWindow;
  readonly imageRate: SlidingWindow;
  readonly styles: CustomStyles;
  /** Sketches by the id of their picture. */
  readonly sketches = new Map<string, Sketch>();
  #settings: SandboxSettings;

  /** @throws Error naming a setting that is wrong */
  constructor(
    private readonly initial: SandboxSettings,
    readonly now: () => number,
  ) {
    requireValid(initial);
    this.#settings = initial;
    this.ledger = new Ledger(initial.credits, KEPT_REQUESTS);
    this.pictures = new PictureStore(now);
    this.styles = new CustomStyles(now);
    this.requestRate = new SlidingWindow(1000, now);
    this.imageRate = new SlidingWindow(60_000, now);
  }

  get settings(): SandboxSettings {
    return this.#settings;
  }

  /**
   * Turns settings; `credits` becomes the balance.
   *
   * @throws Error naming a setting that is wrong, with nothing changed
   */
  configure(change: Partial<SandboxSettings>): void {
    requireValid(change);
    this.#settings = { ...this.#settings, ...change };
    if (change.credits !== undefined) this.ledger.balance = change.credits;
  }

  /** Remembers the pictures of a set of sketches, so that others like them can be asked for. */
  rememberSketches(ids: readonly string[], sketch: Sketch): void {
    for (const id of ids) this.sketches.set(id, sketch);
    for (const oldest of this.sketches.keys()) {
      if (this.sketches.size <= KEPT_REQUESTS) break;
      this.sketches.delete(oldest);
    }
  }

  /** Back to how it started: no request, charge, fault or picture, nothing held, and the first settings. */
  reset(): void {
    this.#settings = this.initial;
    this.ledger.reset(this.initial.credits);
    this.journal.reset();
    this.faults.clear();
    this.holds.release();
    this.pictures.clear();
    this.styles.clear();
    this.sketches.clear();
    this.requestRate.clear();
    this.imageRate.clear();
  }
}

function requireValid(settings: Partial<SandboxSettings>): void {
  for (const name of NUMERIC_SETTINGS) {
    const problem = name in settings ? problemWith(settings[name]) : undefined;
    if (problem !== undefined) throw new Error(`${name} ${problem}`);
  }
}
