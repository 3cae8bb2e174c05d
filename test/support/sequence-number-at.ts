import { encodeSequenceNumber, recordSecond } from "../../src/streams/positions/sequence-number.ts";
import type { Shard } from "../../src/streams/stream.ts";

/** The sequence number of the record at `position`, in an entry that was admitted at `timeMs`. */
export function sequenceNumberAt(
  shard: Pick<Shard, "index" | "createSecond">,
  at: { readonly position: bigint; readonly timeMs: number },
): bigint {
  return encodeSequenceNumber({
    createSecond: shard.createSecond,
    shardIndex: shard.index,
    position: at.position,
    second: recordSecond(at.timeMs, shard),
  });
}
