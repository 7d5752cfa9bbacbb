/** Requests that are kept waiting until somebody lets them go. */
export class Holds {
  readonly #held = new Set<() => void>();

  /** Resolves once the request is let go, or its client has gone. */
  wait(gone: AbortSignal): Promise<void> {
    if (gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        this.#held.delete(go);
        gone.removeEventListener('abort', go);
        resolve();
      };
      this.#held.add(go);
      gone.addEventListener('abort', go);
    });
  }

  /** Lets go of all that are held now; returns how many. */
  release(): number {
    const held = [...this.#held];
    for (const go of held) go();
    return held.length;
  }
}
