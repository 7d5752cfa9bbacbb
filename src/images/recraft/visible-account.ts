import type { Caller } from '../../keys/caller.js';

/** Whose account it is, which is the operator's own business. */
const PERSONAL = new Set(['email', 'name']);

/** What a caller sees of the account: whoever does not have the master key, its id and its balance alone (docs/decisions/keys-and-the-account.md). */
export function visibleAccount(account: Readonly<Record<string, unknown>>, caller: Caller | undefined): object {
  if (!caller || caller.isMaster) return account;
  return Object.fromEntries(Object.entries(account).filter(([name]) => !PERSONAL.has(name)));
}
