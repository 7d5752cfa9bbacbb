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

/** An address of this machine where nothing listens. */
export async function unusedAddress(): Promise<{ readonly url: string }> {
  const server = await startTcpServer(() => undefined);
  await server[Symbol.asyncDispose]();
  return { url: server.url };
}

async function listening(server: Server | HttpServer, cut: () => void): Promise<Listening> {
  server.listen(0, '127.0.0.1');
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
