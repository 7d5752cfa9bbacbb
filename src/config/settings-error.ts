/** What stops the start: every problem of the settings at once, one a line, each naming the variable or key at fault. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}
