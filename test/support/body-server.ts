import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../../src/config/settings.js';
import { GatewayError } from '../../src/errors/gateway-error.js';
import type { UploadedImage } from '../../src/images/image-request.js';
import { BodyReader, type ReadBody } from '../../src/uploads/body-reader.js';
import { Spool } from '../../src/uploads/spool.js';
import { UploadBudget } from '../../src/uploads/upload-budget.js';
import { startHttpServer } from './servers.js';
import { temporaryFolder } from './temporary-folder.js';

type Limits = Settings['limits'];

const KIB = 1024;

/** Small enough that a test can break each of them. */
const SMALL_LIMITS: Limits = {
  imageBytes: 2 * KIB * KIB,
  jsonBytes: 256 * KIB,
  fieldBytes: 64 * KIB,
  uploadMemoryBytes: 0,
  uploadBytesInFlight: 64 * KIB * KIB,
};

/** What the server answers when it could read a body. */
export interface ReadAnswer {
  readonly fields: Record<string, unknown>;
  readonly files: readonly {
    readonly param: string;
    readonly bytes: number;
    readonly format?: string;
    readonly width?: number;
    readonly height?: number;
    readonly sha256: string;
  }[];
}

/** A server that does nothing but read bodies, `/json` and `/form`, and say what was in them. */
export interface BodyServer extends AsyncDisposable {
  readonly url: string;
  readonly budget: UploadBudget;
  /** What a reader rejected with, in order. */
  readonly failures: readonly unknown[];
  /** Resolves when a reader has rejected once more. */
  nextFailure(): Promise<unknown>;
  /** Holds answers back, bodies read and not yet disposed of, until the function it gives is called. */
  hold(): () => void;
  /** Temporary files that are open, by name or without one. */
  temporaryFiles(): Promise<string[]>;
}

export async function startBodyServer(limits: Partial<Limits> = {}): Promise<BodyServer> {
  const folder = await temporaryFolder();
  const all = { ...SMALL_LIMITS, ...limits };
  const budget = new UploadBudget(all.uploadBytesInFlight);
  const spool = new Spool({ directory: folder.path, memoryBytes: all.uploadMemoryBytes });
  const reader = new BodyReader({ limits: all } as Settings, budget, spool);
  const failures: unknown[] = [];
  const failed = new EventTarget();
  let gate = Promise.resolve();

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      const body = await (req.url === '/json' ? reader.readJson(req, res) : reader.readMultipart(req, res));
      try {
        await gate;
        res.end(JSON.stringify(await describe(body)));
      } finally {
        await body.dispose();
      }
    } catch (error) {
      failures.push(error);
      refuse(res, error);
      failed.dispatchEvent(new Event('failure'));
    }
  };
  const server = await startHttpServer((req, res) => void serve(req, res));
  return {
    url: server.url,
    budget,
    failures,
    nextFailure: async () => {
      await once(failed, 'failure');
      return failures.at(-1);
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      gate = promise.then(() => undefined);
      return () => {
        resolve(undefined);
      };
    },
    temporaryFiles: () => filesIn(folder.path),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

async function describe({ fields, files }: ReadBody): Promise<ReadAnswer> {
  return {
    fields,
    files: await Promise.all(
      files.map(async (file) => {
        const { param, bytes, format, width, height } = file;
        return {
          param,
          bytes,
          sha256: await digestOf(file),
          ...(format && { format }),
          ...(width && { width, height }),
        };
      }),
    ),
  };
}

/** Reads a picture from its start to its end. */
export async function digestOf(image: Pick<UploadedImage, 'open'>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of image.open()) hash.update(chunk);
  return hash.digest('hex');
}

function refuse(res: ServerResponse, error: unknown): void {
  if (!(error instanceof GatewayError)) {
    res.writeHead(500).end(String(error));
    return;
  }
  res.writeHead(error.status, error.retryHeaders()).end(JSON.stringify(error.toBody()));
}

/** Files with a name in the folder, and those of it that this process holds open without one. */
export async function filesIn(folder: string): Promise<string[]> {
  const named = await readdir(folder);
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return [...named, ...targets.filter((target) => target.startsWith(folder))];
}
