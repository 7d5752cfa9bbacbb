/**
 * Names of secrets, their words in small letters and joined by `_`. A `key` at the end counts, so that `key_alias` and
 * `key_name` (masked already) do not.
 */
const SECRET_NAME = new RegExp(
  [
    '(?:secret|password|passwd|passphrase|credential|authorization|token|cookie)s?(?:_|$)',
    '(?:api|access|private|secret|signing|encryption|ssh)_?keys?(?:_|$)',
    '(?:^|_)(?:keys?|pass|pwd|pw|auth|jwt)$',
  ].join('|'),
);

/** A key of the gateway's own form, with any character that a key may have (`IsChosenKey`), wherever it stands. */
const OWN_KEY = /(?<![a-z])sk-[\x21-\x7e]{8,}/gi;

/** Who logs in, between the scheme of an address and its host. */
const LOGIN_IN_ADDRESS = /:\/\/[^\s/?#]*@/g;

/** `name=value` and `"name": "value"`, as in queries, connection strings and JSON. */
const NAMED_VALUE = /([\w-]+)(["']?\s*[:=]\s*(?:(?:bearer|basic)\s+)?)("[^"]*"|'[^']*'|[^\s"'&;,]+)/gi;

/**
 * A value without its secrets: of each, the last four characters stay, as far as they give nothing away. A secret is what
 * stands, however deep, in a field with a secret's name, and what a text shows to be one.
 */
export function masked(value: unknown, isSecret = false): unknown {
  if (typeof value === 'string') return isSecret ? stub(value) : withoutSecrets(value);
  if (typeof value === 'number') return isSecret ? stub(String(value)) : value;
  if (Array.isArray(value)) return value.map((item) => masked(item, isSecret));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [withoutSecrets(name), masked(item, isSecret || isSecretName(name))]),
  );
}

/** A text with what it shows to be a secret masked. */
export function withoutSecrets(text: string): string {
  return text
    .replace(OWN_KEY, stub)
    .replace(LOGIN_IN_ADDRESS, '://***@')
    .replace(NAMED_VALUE, (all, name: string, between: string, secret: string) =>
      isSecretName(name) ? `${name}${between}${stub(secret)}` : all,
    );
}

/** `apiKey`, `API_KEY`, `api-key2` and `APIKey` are one name. */
function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .match(/[a-z]+/g);
  return words !== null && SECRET_NAME.test(words.join('_'));
}

function stub(secret: string): string {
  return secret.length >= 16 ? `***${secret.slice(-4)}` : '***';
}
