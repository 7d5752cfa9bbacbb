import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { textAnswer, type Answer } from './answer.js';
import { bugAnswer, serveApi } from './api.js';
import { control, CONTROL } from './control.js';
import type { Fault } from './fault.js';
import type { RecordedRequest } from './journal.js';
import type { Charges } from './ledger.js';
import type { Lookup } from './picture-store.js';
import { DEFAULT_SETTINGS, type SandboxSettings } from './settings.js';
import { SandboxState } from './state.js';

export type { Charges, Fault, RecordedRequest, SandboxSettings };

export interface SandboxOptions extends Partial<SandboxSettings> {
  /** 127.0.0.1 without it. */
  readonly host?: string;
  /** Any free port without it. */
  readonly port?: number;
  /** Origin of picture URLs; without it, the one that the request itself was sent to. */
  readonly publicUrl?: string;
  /** Unix milliseconds; the system's clock without it. */
  readonly clock?: () => number;
}

/** Longer than clients keep an idle connection, on a busy machine too: none then sends on one that is just being closed. */
const KEEP_ALIVE_MS = 75_000;

/**
 * A Recraft on this machine: answers as recraft-api.md says the real one does, draws simulated pictures and charges
 * nobody. What it was asked and what it charged can be read, and trouble can be ordered, here or below `/__sandbox`.
 */
export class Sandbox implements AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or the host it was told to listen on. */
  readonly url: string;

  private constructor(
    private readonly server: Server,
    private readonly state: SandboxState,
    private readonly publicUrl: string | undefined,
  ) {
    const { address, family, port } = server.address() as AddressInfo;
    const everywhere = address === '0.0.0.0' || address === '::';
    this.url = `http://${everywhere ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address}:${port}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Rejects where the address cannot be listened on or a setting is wrong. */
  static async start(options: SandboxOptions = {}): Promise<Sandbox> {
    const { host = '127.0.0.1', port = 0, publicUrl, clock = Date.now, ...settings } = options;
    const state = new SandboxState({ ...DEFAULT_SETTINGS, ...settings }, clock);
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    server.listen(port, host);
    await once(server, 'listening');
    return new Sandbox(server, state, publicUrl);
  }

  /** The latest 1,000 requests to the API, oldest first. */
  requests(): readonly RecordedRequest[] {
    return this.state.journal.requests();
  }

  charges(): Charges {
    return this.state.ledger.charges();
  }

  /** Orders trouble for requests to come, used up in order. */
  fault(...faults: readonly Fault[]): void {
    this.state.faults.add(faults);
  }

  /** Lets every request go on that a fault holds at this moment; returns how many. */
  release(): number {
    return this.state.holds.release();
  }

  /** @throws Error naming a setting that is wrong */
  configure(settings: Partial<SandboxSettings>): void {
    this.state.configure(settings);
  }

  /** Forgets everything that happened and goes back to the settings it was started with. */
  reset(): void {
    this.state.reset();
  }

  /** The next request (like this) that has been received as a whole and was not handed out by this method before. */
  nextRequest(matches: (request: RecordedRequest) => boolean = () => true): Promise<RecordedRequest> {
    return this.state.journal.next(matches);
  }

  /**
   * The request once its exchange is over: answered, dropped, or given up by its client.
   *
   * @throws Error for an id that is not written down
   */
  ended(id: string): Promise<RecordedRequest> {
    return this.state.journal.end(id);
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-image-gateway-sandbox', 'simulated');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    try {
      const picture = this.state.pictures.find(path);
      if (picture !== undefined) finish(request, response, pictureAnswer(picture));
      else if (path.startsWith(`${CONTROL}/`)) finish(request, response, await control(this.state, request, path));
      else await serveApi(this.state, request, response, path, this.#pictureBase(request));
    } catch (error) {
      finish(request, response, bugAnswer(error));
    }
  }

  /** The address that reached the sandbox also reaches its pictures, behind a port mapping too. */
  #pictureBase({ headers }: IncomingMessage): string {
    if (this.publicUrl !== undefined) return this.publicUrl.replace(/\/+$/, '');
    return headers.host === undefined ? this.url : `http://${headers.host}`;
  }
}

/** Recraft's answer to a dead link is not recorded; any 4xx tells a client the same. */
function pictureAnswer(picture: Lookup): Answer {
  if (picture === 'forged') return textAnswer(403, 'Forbidden');
  if (picture === 'gone') return textAnswer(404, 'Not Found');
  return { status: 200, headers: { 'content-type': picture.contentType }, body: picture.bytes, credits: 0 };
}

function finish(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  request.resume();
  if (response.headersSent || response.destroyed) return;
  response.writeHead(answer.status, { 'content-length': answer.body.length, ...answer.headers });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}
