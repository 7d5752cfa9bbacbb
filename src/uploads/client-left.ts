/** The client hung up before its request was complete: there is nobody to answer. */
export class ClientLeft extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor() {
    super('The client closed the connection before its request was complete.');
  }
}
