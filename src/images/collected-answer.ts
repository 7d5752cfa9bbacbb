import { GatewayError } from '../errors/gateway-error.js';
import type { AnswerHead, AnswerSink } from './image-provider.js';

/** Collects an answer that has to be worked on before it goes out. Nothing has gone out until then. */
export class CollectedAnswer implements AnswerSink {
  private readonly chunks: Uint8Array[] = [];
  private begun: AnswerHead | undefined;

  /** What is known about the answer. @throws GatewayError where none has begun */
  get head(): AnswerHead {
    if (!this.begun)
      throw new GatewayError('upstreamInvalidAnswer', "Recraft's answer could not be used: there is none.");
    return this.begun;
  }

  begin(head: AnswerHead): void {
    this.begun = head;
  }

  write(chunk: Uint8Array): boolean {
    this.chunks.push(chunk);
    return true;
  }

  /** Never asked for: it always takes more. */
  onDrain(resume: () => void): void {
    resume();
  }

  end(last: Uint8Array): void {
    this.chunks.push(last);
  }

  fail(): void {
    this.chunks.length = 0;
  }

  /** The answer as one value. */
  json(): unknown {
    return JSON.parse(Buffer.concat(this.chunks).toString('utf8')) as unknown;
  }
}
