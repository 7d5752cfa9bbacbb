/** Lets one sleeper be woken before its time. */
export class WakeUp {
  private wake: (() => void) | undefined;

  /** Ends the sleep that is going on; without one, nothing happens. */
  call(): void {
    this.wake?.();
  }

  /** Sleeps until it is called, or for so many milliseconds. */
  wait(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.wake?.(), Math.ceil(ms));
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }
}
