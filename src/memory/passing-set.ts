/** What may stand in a PassingSet, in one at a time: it knows its place, so that it can leave without being looked for. */
export interface Passer {
  place: number;
}

/**
 * A set whose members come and go with every request. Not a `Set`: when V8 makes the table of one anew, the old table
 * keeps its members and leads to the new one, so what passes through a long-lived Set survives until a full collection
 * (docs/decisions/passing-sets.md). The members have no order.
 */
export class PassingSet<T extends Passer> implements Iterable<T> {
  private readonly members: T[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: T): void {
    member.place = this.members.push(member) - 1;
  }

  /** Takes out a member that is in: the last one takes its place. */
  delete(member: T): void {
    const last = this.members.pop();
    if (last === undefined || last === member) return;
    this.members[member.place] = last;
    last.place = member.place;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.members[Symbol.iterator]();
  }
}
