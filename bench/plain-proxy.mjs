/**
 * The yardstick: the least a Node process can do between a client and Recraft.
 * It passes headers and bodies both ways with backpressure, and reads, checks and logs nothing.
 *
 * Environment: PORT, UPSTREAM (origin).
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const HOP_BY_HOP = new Set(['connection', 'expect', 'host', 'keep-alive', 'transfer-encoding']);

const pool = new Pool(process.env.UPSTREAM, { connections: 256, pipelining: 1, keepAliveTimeout: 60_000 });

function endToEnd(headers) {
  const kept = {};
  for (const name in headers) if (!HOP_BY_HOP.has(name)) kept[name] = headers[name];
  return kept;
}

function hasBody({ 'content-length': length, 'transfer-encoding': encoding }) {
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Carries one answer to its client, and gives the upstream connection back when that client leaves. */
class Passage {
  #res;
  #controller;

  constructor(res) {
    this.#res = res;
    res.on('close', () => {
      if (!res.writableFinished) this.#controller?.abort(new Error('The client has left.'));
    });
  }

  onRequestStart(controller) {
    this.#controller = controller;
    // A request that waited for a connection may have lost its client: paused then, it would never be resumed.
    if (this.#res.destroyed) controller.abort(new Error('The client has left.'));
  }

  onResponseStart(controller, status, headers) {
    this.#res.writeHead(status, endToEnd(headers));
    this.#res.on('drain', () => controller.resume());
  }

  onResponseData(controller, chunk) {
    if (!this.#res.write(chunk)) controller.pause();
  }

  onResponseEnd() {
    this.#res.end();
  }

  onResponseError() {
    if (this.#res.headersSent) this.#res.destroy();
    else this.#res.writeHead(502).end();
  }
}

const server = createServer((req, res) => {
  const { method, url: path, headers } = req;
  pool.dispatch({ method, path, headers: endToEnd(headers), body: hasBody(headers) ? req : null }, new Passage(res));
});

server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
