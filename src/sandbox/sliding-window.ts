/** Counts what each token used within the span that ends now. */
export class SlidingWindow {
  readonly #used = new Map<string, { at: number; amount: number }[]>();

  constructor(
    private readonly spanMs: number,
    private readonly now: () => number,
  ) {}

  /** Notes the use and says true where it keeps within the limit; a limit of 0 lets everything pass. */
  admit(token: string, amount: number, limit: number): boolean {
    if (limit === 0) return true;
    this.#forget();
    const uses = this.#used.get(token) ?? [];
    const sum = uses.reduce((total, use) => total + use.amount, 0);
    if (sum + amount > limit) return false;
    this.#used.set(token, [...uses, { at: this.now(), amount }]);
    return true;
  }

  clear(): void {
    this.#used.clear();
  }

  /** Drops uses older than the span, of all tokens, so that memory holds only what still counts. */
  #forget(): void {
    const start = this.now() - this.spanMs;
    for (const [token, uses] of this.#used) {
      const recent = uses.filter((use) => use.at > start);
      if (recent.length > 0) this.#used.set(token, recent);
      else this.#used.delete(token);
    }
  }
}
