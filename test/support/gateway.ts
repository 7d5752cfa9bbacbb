import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Logger, symbols } from 'pino';
import { createApp } from '../../src/app.setup.js';
import { readSettings } from '../../src/config/read-settings.js';
import { GoingDown } from '../../src/shutdown/going-down.js';
import { LOGGER } from '../../src/telemetry/logger.js';

/** The gateway as it is shipped, in this process, on a port of its own. */
export interface RunningGateway extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly key: string;
  /** Lines logged since the start; none unless `LOG_LEVEL` says so. */
  readonly log: readonly string[];
  /** The first line with this text in it, logged already or still to come. */
  logged(text: string): Promise<Record<string, unknown>>;
  /** fetch() with the key, from a path. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** POST of a JSON body with the key. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  /** One of the gateway's own parts, by its token. */
  get<T>(token: symbol | (new (...parameters: never[]) => T)): T;
  /** As on SIGTERM, up to where the process would end. */
  goDown(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

const KEY = 'sk-1234';

/**
 * Starts a gateway in front of `upstream` (a sandbox, or any server that plays Recraft).
 * `environment` holds what a test is about; everything else has its default.
 */
export async function startGateway(
  upstream: { readonly url: string },
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const settings = readSettings({
    RECRAFT_API_KEY: 'test-key',
    RECRAFT_API_BASE: upstream.url,
    MASTER_KEY: KEY,
    LOG_LEVEL: 'silent',
    // Tests that leave a call behind would wait for its end when they close their gateway (once.e2e-spec.ts has the default).
    FINISH_ABANDONED: 'false',
    DATABASE_URL: 'none',
    // A test asks as fast as it can, and is about one answer of Recraft's: limits, repeats and rests are tested by those
    // that set them.
    UPSTREAM_RPS: '0',
    UPSTREAM_IPM: '0',
    NUM_RETRIES: '0',
    DISABLE_COOLDOWNS: 'true',
    ...environment,
  });
  const app = await createApp(settings);
  const { log, logged } = captureLog(app.get<Logger>(LOGGER));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const authorized = (init?: RequestInit): Headers => {
    const headers = new Headers(init?.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${KEY}`);
    return headers;
  };
  const call = (path: string, init?: RequestInit) => fetch(url + path, { ...init, headers: authorized(init) });
  return {
    url,
    key: KEY,
    log,
    logged,
    call,
    post: (path, body, init) => {
      const headers = new Headers(init?.headers);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
      return call(path, {
        ...init,
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
    get: <T>(token: symbol | (new (...parameters: never[]) => T)) => app.get<T>(token),
    goDown: (graceMs) => app.get(GoingDown).begin(graceMs),
    close: () => app.close(),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** Takes the lines that would go to stdout. */
function captureLog(logger: Logger): Pick<RunningGateway, 'log' | 'logged'> {
  const log: string[] = [];
  const lines = new EventEmitter();
  const write = (line: string): void => {
    log.push(line);
    lines.emit('line');
  };
  Object.assign(logger, { [symbols.streamSym]: { write } });
  return {
    log,
    logged: async (text) => {
      for (;;) {
        const line = log.find((candidate) => candidate.includes(text));
        if (line !== undefined) return JSON.parse(line) as Record<string, unknown>;
        await once(lines, 'line');
      }
    },
  };
}
