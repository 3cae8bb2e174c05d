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

/** Where a reader wants to start. A sequence number holds its position; the other places are for the log to find. */
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
 * What the members of GetShardIterator ask for. `currentMs` is the later of the clock and the last stored time.
 *
 * Errors, in AWS's order: InvalidArgumentException for members that do not go together, a time in the future, a number
 * that cannot be read, one of another shard, one of another stream. AWS answers InternalFailure to a number of the
 * oldest version, so do we.
 */
export function resolveStartingPosition(
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
      return { at: "position", position: within(shard, type === "AT_SEQUENCE_NUMBER" ? position : position + 1n) };
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

/** Starting and ending numbers of a shard name places before its first and behind its last record. */
function within(shard: Shard, position: bigint): bigint {
  if (position < 1n) return 1n;
  const end = shard.closed?.end;
  return end !== undefined && position > end ? end : position;
}
