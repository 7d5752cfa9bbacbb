import type { Request } from 'express';

const LONGEST_LABEL = 256;
const MOST_TAGS = 32;

/**
 * Notes what a request is filed under in the ledger: OpenAI's field `user`, and tags from LiteLLM's `metadata.tags`,
 * `tags` and header `x-litellm-tags` (litellm.md §2.14) beside those of its key. Labels are cut to what a ledger needs;
 * none is ever a reason to refuse a request.
 */
export function noteLabels({ call, headers }: Request, fields: object): void {
  const { user, tags, metadata } = fields as Readonly<Record<string, unknown>>;
  if (user !== undefined) call.endUser = labelsIn(user)[0];
  const header = headers['x-litellm-tags'];
  if (tags === undefined && metadata === undefined && header === undefined) return;
  const own = [
    ...labelsIn(tags),
    ...labelsIn((metadata as Readonly<Record<string, unknown>> | null | undefined)?.['tags']),
    ...(typeof header === 'string' ? labelsIn(header.split(',')) : []),
  ];
  if (own.length > 0) call.tags = [...new Set([...(call.caller?.tags ?? []), ...own])].slice(0, MOST_TAGS);
}

function labelsIn(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === 'string').flatMap((text) => labelOf(text) ?? []);
}

/** A database takes no NUL and no half of a character. */
function labelOf(text: string): string | undefined {
  const label = text.replaceAll('\0', '').trim().slice(0, LONGEST_LABEL).toWellFormed();
  return label === '' ? undefined : label;
}
