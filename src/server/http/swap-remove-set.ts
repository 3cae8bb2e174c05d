/** A member of at most one set at a time. */
export interface SetMember {
  /** Its index in the set; -1 outside. Written by the set only. */
  index: number;
}

/**
 * An unordered set whose members come and go with each request. Unlike `Set` it allocates nothing when it becomes empty and
 * is filled again.
 */
export class SwapRemoveSet<Member extends SetMember> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: Member): void {
    member.index = this.#members.push(member) - 1;
  }

  /** Does nothing if it is not a member. */
  delete(member: Member): void {
    const { index } = member;
    if (index < 0) return;
    const last = this.#members.pop() as Member;
    if (last !== member) {
      this.#members[index] = last;
      last.index = index;
    }
    member.index = -1;
  }

  /** A copy of the members, which may be deleted while it is iterated. */
  all(): readonly Member[] {
    return [...this.#members];
  }
}
