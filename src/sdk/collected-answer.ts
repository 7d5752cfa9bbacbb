import type { AnswerSink } from '../images/image-provider.js';

/** Keeps an answer in memory until it is whole. */
export class CollectedAnswer implements AnswerSink {
  private readonly chunks: Uint8Array[] = [];

  begin(): void {
    this.chunks.length = 0;
  }

  write(chunk: Uint8Array): boolean {
    this.chunks.push(chunk);
    return true;
  }

  onDrain(resume: () => void): void {
    resume();
  }

  end(last?: Uint8Array): void {
    if (last) this.chunks.push(last);
  }

  fail(): void {
    this.chunks.length = 0;
  }

  /** The answer as one value. */
  json(): unknown {
    return JSON.parse(Buffer.concat(this.chunks).toString('utf8')) as unknown;
  }
}
