import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** Something that listens on this machine for as long as a test needs it. */
export interface Listening extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/** An upstream that answers as a test wants, where the sandbox would be too well-behaved. */
export async function startHttpServer(serve: RequestListener): Promise<Listening> {
  const server = createHttpServer(serve);
  return listening(server, () => {
    server.closeAllConnections();
  });
}

/** An upstream that need not even speak HTTP. */
export async function startTcpServer(serve: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    // That the other side hangs up is what these tests are about.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    serve(socket);
  });
  return listening(server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

/**
 * An address of this machine where nothing listens, and nothing will that leaves the choice of its port to the system: that
 * chooses from 32768 on, and may give a port that was just let go to the very next server.
 */
export async function unusedAddress(): Promise<{ readonly url: string }> {
  for (;;) {
    try {
      const server = await listening(createTcpServer(), () => undefined, randomInt(20_000, 30_000));
      await server[Symbol.asyncDispose]();
      return { url: server.url };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

async function listening(server: Server | HttpServer, cut: () => void, wanted = 0): Promise<Listening> {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
