import type { GatewayProcess } from './gateway-process.js';

/** Replicas behind a load balancer that leaves out the one that is down. */
export class Replicas implements AsyncDisposable {
  private readonly up: GatewayProcess[] = [];
  private turn = 0;
  /** Requests that were sent to a replica and got no answer. */
  lost = 0;

  constructor(private readonly starting: () => Promise<GatewayProcess>) {}

  async add(): Promise<void> {
    this.up.push(await this.starting());
  }

  /** Kills the one that has been there for longest, and puts another in its place. */
  async replace(): Promise<void> {
    await this.up.shift()?.kill();
    await this.add();
  }

  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const replica = this.up[this.turn++ % this.up.length];
    const { pathname } = new URL(url instanceof Request ? url.url : url);
    try {
      return await fetch(`${replica?.url ?? ''}${pathname}`, init);
    } catch (error) {
      this.lost++;
      throw error;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.up.map((replica) => replica.stop()));
  }
}
