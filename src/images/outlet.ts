/** Where the bytes of an HTTP answer go: what sinks need of a response. Express' `Response` is one. */
export interface Outlet {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  /** Headers are names and values in turn. */
  writeHead(status: number, headers: string[]): unknown;
  /** False asks for a pause until `drain`. */
  write(bytes: string | Uint8Array): boolean;
  end(bytes?: string | Uint8Array, encoding?: BufferEncoding): unknown;
  /** Breaks the answer off, so that its reader notices. */
  destroy(): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
}
