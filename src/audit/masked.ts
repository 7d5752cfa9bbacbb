/** Fields that hold a secret whatever is in them. Not `key_alias`, `key_name` (masked already) or ids (digests). */
const SECRET_FIELD =
  /^(?:key|old_key|new_key|api_key|token|secret|password|authorization)$|_(?:secret|password|token)$/i;
/** A key of the gateway's own form, wherever it stands. */
const SECRET_TEXT = /\bsk-[\w-]{8,}/g;

/** A value without its secrets: of each, the last four characters stay, as far as they give nothing away. */
export function masked(value: unknown, field = ''): unknown {
  if (typeof value === 'string') return SECRET_FIELD.test(field) ? stub(value) : value.replace(SECRET_TEXT, stub);
  if (Array.isArray(value)) return value.map((item) => masked(item, field));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]));
}

function stub(secret: string): string {
  return secret.length >= 16 ? `***${secret.slice(-4)}` : '***';
}
