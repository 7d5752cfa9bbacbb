import type { AnswerSink } from '../image-provider.js';

/** An answer that is worked on here before it goes out, for what the provider does not do itself. */
export interface WorkedAnswer extends AnswerSink {
  /** Does the work, once the provider's answer is whole. */
  work(): Promise<void>;
  /** Lets the result out. */
  finish(): void;
}
