/** A run whose numbers must not be used; the message says why. */
export class InvalidRun extends Error {
  name = 'InvalidRun';
}
