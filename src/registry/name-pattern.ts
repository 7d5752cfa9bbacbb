/** A name with at most one `*`, which stands for any text but none. */
export class NamePattern {
  private readonly before: string;
  private readonly after: string | undefined;

  constructor(readonly text: string) {
    const star = text.indexOf('*');
    this.before = star < 0 ? text : text.slice(0, star);
    this.after = star < 0 ? undefined : text.slice(star + 1);
  }

  /** How many characters a name must share with it: the more, the more specific. */
  get literals(): number {
    return this.before.length + (this.after?.length ?? 0);
  }

  get isWildcard(): boolean {
    return this.after !== undefined;
  }

  /** What the `*` stands for in a name; undefined where the name does not fit. */
  capture(name: string): string | undefined {
    if (this.after === undefined || name.length <= this.literals) return undefined;
    if (!name.startsWith(this.before) || !name.endsWith(this.after)) return undefined;
    return name.slice(this.before.length, name.length - this.after.length);
  }

  /** Whether a name is this one, or fits it. */
  matches(name: string): boolean {
    return name === this.text || this.capture(name) !== undefined;
  }

  /** The name with the captured text in place of its `*`; without a `*` the name as it is. */
  fill(captured: string): string {
    return this.after === undefined ? this.before : this.before + captured + this.after;
  }
}
