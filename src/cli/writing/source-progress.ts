/**
 * How far an import has come: what is stored without a gap, by shard of the export. Lines that were not exported count as one
 * source, in the order of the input.
 */
export interface SourcePosition {
  readonly sequence: bigint;
  /** The place in an aggregated record. */
  readonly part: number;
}

/** As it is in a checkpoint: `SEQUENCE` or `SEQUENCE/PART`. */
export function positionText({ sequence, part }: SourcePosition): string {
  return part === 0 ? String(sequence) : `${sequence}/${part}`;
}

export function parsePosition(text: string): SourcePosition | undefined {
  const [, sequence, part = "0"] = /^(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  return sequence === undefined ? undefined : { sequence: BigInt(sequence), part: Number(part) };
}

function isAfter(a: SourcePosition, b: SourcePosition): boolean {
  return a.sequence === b.sequence ? a.part > b.part : a.sequence > b.sequence;
}

interface Pending {
  readonly position: SourcePosition;
  isStored: boolean;
}

/** Positions of one or more sources: taken in order, stored in any order. */
export class SourceProgressMap {
  readonly #pending = new Map<string, Pending[]>();
  readonly #storedUpTo = new Map<string, SourcePosition>();

  constructor(storedUpTo: Iterable<readonly [string, SourcePosition]> = []) {
    for (const [source, position] of storedUpTo) this.#storedUpTo.set(source, position);
  }

  /** Whether an earlier run has stored it. */
  isStored(source: string, position: SourcePosition): boolean {
    const upTo = this.#storedUpTo.get(source);
    return upTo !== undefined && !isAfter(position, upTo);
  }

  /** Returns what to call when it is stored. */
  take(source: string, position: SourcePosition): () => void {
    const queue = this.#pending.get(source) ?? [];
    this.#pending.set(source, queue);
    const pending: Pending = { position, isStored: false };
    queue.push(pending);
    return () => {
      pending.isStored = true;
      let stored = 0;
      while (queue[stored]?.isStored === true) stored++;
      if (stored === 0) return;
      const last = queue[stored - 1];
      if (last !== undefined) this.#storedUpTo.set(source, last.position);
      queue.splice(0, stored);
    };
  }

  /** What is stored without a gap, by source. */
  storedUpTo(): ReadonlyMap<string, SourcePosition> {
    return this.#storedUpTo;
  }
}
