import { expect } from '@jest/globals';

/** What every test may send as a prompt: no answer and no log line may ever show it. */
export const SECRET_PROMPT = 'a zebra crossing the moonlit secret';

export interface ExpectedError {
  readonly status: number;
  readonly type?: string;
  readonly code: string;
  /** The field at fault; null without it. */
  readonly param?: string | null;
}

const NEVER_SHOWN = [SECRET_PROMPT, 'sk-', 'test-key', 'node_modules', '    at ', 'statusCode'];

/** What lists show of a key, and the refusal of its budget tells its owner: four characters. */
const MASKED_KEY = /sk-\.\.\.[\w-]{4}(?![\w-])/g;

/**
 * Expects OpenAI's envelope with all four members, Recraft's two beside it, the ids, and nothing that is nobody's business; gives the message.
 */
export async function expectError(response: Response, expected: ExpectedError): Promise<string> {
  const text = await response.text();
  expect({ status: response.status, body: text }).toEqual({ status: expected.status, body: text });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/^req_[\w-]{36}$/);
  return expectEnvelope(text, expected);
}

/** Expects the body alone. */
export function expectEnvelope(text: string, expected: Omit<ExpectedError, 'status'>): string {
  const { type = 'invalid_request_error', code, param = null } = expected;
  const body = JSON.parse(text) as { error: { message: string } };
  const { message } = body.error;
  expect(message).toEqual(expect.any(String));
  expect(body).toEqual({ error: { message, type, param, code }, code, message });
  const unmasked = text.replaceAll(MASKED_KEY, '');
  for (const secret of NEVER_SHOWN) expect(unmasked).not.toContain(secret);
  return message;
}
