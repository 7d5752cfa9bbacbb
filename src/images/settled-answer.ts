import type { AnswerHead, AnswerSink } from './image-provider.js';

/**
 * Keeps back the bytes that make an answer whole until the ledger has it, and the header too where nothing came before
 * them. What a client has seen succeed is then in the ledger, whatever happens to this process.
 */
export class SettledAnswer implements AnswerSink {
  private head: AnswerHead | undefined;
  private begun = false;
  private last: Uint8Array = new Uint8Array();

  constructor(private readonly answer: AnswerSink) {}

  /** Whether somebody has seen something of it: then the request cannot be sent again. */
  get hasBegun(): boolean {
    return this.begun;
  }

  begin(head: AnswerHead): void {
    this.head = head;
  }

  write(chunk: Uint8Array): boolean {
    this.letBegin();
    return this.answer.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.answer.onDrain(resume);
  }

  end(last: Uint8Array): void {
    this.last = last;
  }

  /** An answer that nobody has seen anything of is no broken one: its error gets an answer of its own. */
  fail(cause: Error): void {
    if (this.begun) this.answer.fail(cause);
  }

  /** Lets go of what was kept back. */
  finish(): void {
    this.letBegin();
    this.answer.end(this.last);
  }

  private letBegin(): void {
    if (this.begun || this.head === undefined) return;
    this.begun = true;
    this.answer.begin(this.head);
  }
}
