/** Errors whose words quote what they were given: a body that is no JSON, an answer that is no HTTP. */
const QUOTING = new Set(['SyntaxError', 'HTTPParserError']);

/** As deep as causes go here. */
const MOST_CAUSES = 4;

export interface LoggedError {
  readonly type: string;
  readonly message?: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * An error as the log shows it: what it is, what it says, where it was thrown and why. Other members are left out, and so
 * are words that quote: libraries put bytes of an answer or values of a row there.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack = '', cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  const quotes = QUOTING.has(name);
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return {
    type: name,
    ...(!quotes && { message }),
    ...(typeof code === 'string' && { code }),
    stack: [quotes ? name : `${name}: ${message}`, ...frames].join('\n'),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: loggedError(cause, depth + 1) }),
  };
}
