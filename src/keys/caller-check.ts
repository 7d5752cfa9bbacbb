import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { Caller } from './caller.js';
import { KeyRing } from './key-ring.js';
import { type KnownKey, ownerOf } from './known-key.js';
import type { Access } from './master-only.decorator.js';
import { mayCall } from './routes.js';
import { VirtualKeys } from './virtual-keys.js';

/** The key of a request as it was last checked, and what it was checked for. */
export interface CheckedKey {
  readonly digest: string;
  readonly path: string;
  readonly access: Access;
  readonly known: KnownKey;
}

/** Decides whether the key of a request may be used: before its body is read, and again before money is spent on it. */
@Injectable()
export class CallerCheck {
  constructor(
    private readonly ring: KeyRing,
    @Inject(VirtualKeys) private readonly virtualKeys: VirtualKeys | undefined,
  ) {}

  /**
   * Lets a request in whose key is known and may call its route. A promise only where the database has to be asked.
   *
   * @throws GatewayError 401 where the key is not known or may not be used, 403 where it may not call the route,
   *   `databaseDown`
   */
  check(call: CallRecord, key: Omit<CheckedKey, 'known'>): void | Promise<void> {
    const known = this.find(key.digest);
    return known instanceof Promise ? known.then((found) => admit(call, key, found)) : admit(call, key, known);
  }

  /**
   * Checks a call's key again: what it was let in with may be minutes old. Where something has changed, `permit` checks what
   * the caller asks for, too.
   *
   * @throws GatewayError as `check`, or what `permit` throws
   */
  checkAgain(call: CallRecord, permit: () => void): void | Promise<void> {
    const { checkedKey: key } = call;
    if (!key) return;
    const known = this.find(key.digest);
    if (known instanceof Promise) return known.then((found) => renew(call, key, found, permit));
    renew(call, key, known, permit);
  }

  /** The same for a call that money is reserved for: the database is asked only where a change of the key was heard of. */
  checkLast(call: CallRecord, permit: () => void): void | Promise<void> {
    const { checkedKey: key } = call;
    if (!key) return;
    const { digest, known } = key;
    if (this.virtualKeys?.remembers(digest, known)) ownerOf(known);
    else return this.checkAgain(call, permit);
  }

  /** What is known of a call's key turned out to be out of date: the next check asks the database. */
  forget({ checkedKey: key }: CallRecord): void {
    if (key) this.virtualKeys?.forget([key.digest]);
  }

  private find(digest: string): KnownKey | undefined | Promise<KnownKey | undefined> {
    return this.ring.find(digest) ?? this.virtualKeys?.find(digest);
  }
}

function renew(call: CallRecord, key: CheckedKey, known: KnownKey | undefined, permit: () => void): void {
  if (known === key.known) {
    ownerOf(known); // Its time may be over.
    return;
  }
  admit(call, key, known);
  permit();
}

function admit(
  call: CallRecord,
  { digest, path, access }: Omit<CheckedKey, 'known'>,
  known: KnownKey | undefined,
): void {
  if (!known) throw new GatewayError('wrongKey', 'The API key is not known here.');
  // The log names also those who are refused.
  call.caller = known.caller;
  requireRoute(ownerOf(known), path, access);
  call.checkedKey = { digest, path, access, known };
}

function requireRoute(caller: Caller, path: string, access: Access): void {
  if (caller.isMaster || mayCall(caller, path, access)) return;
  const message = access === 'master' ? 'Only the master key may do this.' : 'This key may not call this route.';
  throw new GatewayError('routeNotAllowed', message);
}
