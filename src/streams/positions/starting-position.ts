import {
  startingSequenceNumberInvalid,
  startingSequenceNumberMissing,
  startingSequenceNumberNotExpected,
  startingSequenceNumberOfOtherShard,
  startingSequenceNumberOfOtherStream,
  timestampInFuture,
  timestampMissing,
} from "../../model/iterator-errors.ts";
import { internalFailure } from "../../model/request-errors.ts";
import type { Shard } from "../stream.ts";
import { parseSequenceNumber } from "./sequence-number.ts";
import { formatShardId } from "./shard-id.ts";

/** Where a reader starts. A sequence number contains its position; the others are found in the shard log. */
export type StartingPosition =
  | { readonly at: "trim-horizon" }
  | { readonly at: "latest" }
  | { readonly at: "time"; readonly timeMs: number }
  | { readonly at: "position"; readonly position: bigint };

export interface StartingMembers {
  readonly ShardIteratorType:
    | "AFTER_SEQUENCE_NUMBER"
    | "AT_SEQUENCE_NUMBER"
    | "AT_TIMESTAMP"
    | "LATEST"
    | "TRIM_HORIZON";
  readonly StartingSequenceNumber?: string | undefined;
  /** Ms since the epoch. */
  readonly Timestamp?: number | undefined;
}

/**
 * The starting position in the members of GetShardIterator. `currentMs` is the later of the clock and the last stored time.
 *
 * Errors, in AWS's order: InvalidArgumentException for members that exclude each other, a time in the future, an invalid
 * sequence number, one of another shard, one of another stream; InternalFailure for a number of version 0, as AWS returns.
 */
export function startingPositionOf(
  members: StartingMembers,
  stream: { readonly account: string; readonly name: string },
  shard: Shard,
  currentMs: number,
): StartingPosition {
  const { ShardIteratorType: type, StartingSequenceNumber: sequenceNumber, Timestamp: timeMs } = members;
  switch (type) {
    case "AT_SEQUENCE_NUMBER":
    case "AFTER_SEQUENCE_NUMBER": {
      if (sequenceNumber === undefined) throw startingSequenceNumberMissing(type);
      const position = positionIn(sequenceNumber, stream, shard);
      return { at: "position", position: clampTo(shard, type === "AT_SEQUENCE_NUMBER" ? position : position + 1n) };
    }
    case "TRIM_HORIZON":
    case "LATEST":
      if (sequenceNumber !== undefined) throw startingSequenceNumberNotExpected(type);
      return { at: type === "LATEST" ? "latest" : "trim-horizon" };
    case "AT_TIMESTAMP":
      if (sequenceNumber !== undefined) throw startingSequenceNumberNotExpected(type);
      if (timeMs === undefined) throw timestampMissing();
      if (timeMs > currentMs) throw timestampInFuture({ timestampMs: timeMs, nowMs: currentMs });
      return { at: "time", timeMs };
  }
}

function positionIn(
  sequenceNumber: string,
  stream: { readonly account: string; readonly name: string },
  shard: Shard,
): bigint {
  const use = { sequenceNumber, shardId: formatShardId(shard.index) };
  const parsed = parseSequenceNumber(sequenceNumber);
  if (parsed === undefined) throw startingSequenceNumberInvalid(stream, use);
  if (parsed.shardIndex !== shard.index) {
    throw startingSequenceNumberOfOtherShard({
      encodedShardId: formatShardId(parsed.shardIndex),
      shardId: use.shardId,
    });
  }
  if (parsed.version === 0) throw internalFailure();
  if (parsed.version !== 2 || parsed.createSecond !== shard.createSecond) {
    throw startingSequenceNumberOfOtherStream(stream, use);
  }
  return parsed.position;
}

/** The nearest position of a record or of the end: starting and ending sequence numbers are outside the records. */
function clampTo(shard: Shard, position: bigint): bigint {
  if (position < 1n) return 1n;
  const end = shard.closed?.end;
  return end !== undefined && position > end ? end : position;
}
