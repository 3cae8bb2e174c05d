import { hashKeyCount, type Shard } from "./shard.ts";

export interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** The shards that a split makes; or why it is not possible, as a sentence. */
export type SplitPlan = { readonly children: readonly [Range, Range] } | { readonly problem: string };

/** The hash key in the middle, where the second child begins. */
export function middleOf({ start, end }: Range): bigint {
  return (start + end + 1n) / 2n;
}

export function planSplit({ start, end }: Range, hashKeyText: string): SplitPlan {
  if (!/^\d+$/.test(hashKeyText)) return { problem: "A hash key is a whole number from 0 to 2^128 - 1." };
  const at = BigInt(hashKeyText);
  if (at <= start || at > end) {
    return {
      problem: `The second child must begin behind ${start} and not behind ${end}, or one of the two is empty.`,
    };
  }
  return {
    children: [
      { start, end: at - 1n },
      { start: at, end },
    ],
  };
}

/** The open shards whose ranges touch this one's, which alone it can be merged with. */
export function neighborsOf(shards: readonly Shard[], { start, end }: Shard): { before?: Shard; after?: Shard } {
  const open = shards.filter(({ isOpen }) => isOpen);
  const before = start === 0n ? undefined : open.find((other) => other.end === start - 1n);
  const after = end === hashKeyCount - 1n ? undefined : open.find((other) => other.start === end + 1n);
  return { ...(before && { before }), ...(after && { after }) };
}
