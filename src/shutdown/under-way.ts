/** Counts what is under way, for those who wait until nothing is. */
export class UnderWay {
  private count = 0;
  private onIdle: (() => void) | undefined;

  enter(): void {
    this.count++;
  }

  leave(): void {
    this.count--;
    if (this.count === 0) this.onIdle?.();
  }

  /** Resolves as soon as nothing is under way. One may wait at a time. */
  async idle(): Promise<void> {
    if (this.count === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }
}
