/** What stands on a roster, and on no other at the same time. */
export interface SetMember {
  /** Its place there; -1 when it stands on none. The roster's own. */
  place: number;
}

/**
 * A set of things that come and go with every request, in no order. A `Set` gets itself new memory each time that its last
 * member leaves.
 */
export class SwapRemoveSet<Member extends SetMember> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: Member): void {
    member.place = this.#members.push(member) - 1;
  }

  /** Harmless if it is not there. */
  delete(member: Member): void {
    const { place } = member;
    if (place < 0) return;
    const last = this.#members.pop() as Member;
    if (last !== member) {
      this.#members[place] = last;
      last.place = place;
    }
    member.place = -1;
  }

  /** Those that are there now, whoever leaves meanwhile. */
  all(): readonly Member[] {
    return [...this.#members];
  }
}
