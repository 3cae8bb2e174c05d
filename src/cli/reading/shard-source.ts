import type { _Record as SdkRecord, StartingPosition } from "@aws-sdk/client-kinesis";
import type { StreamRecord } from "../records/stream-record.ts";

/** Where reading a shard begins, in the words of the service. */
export type ShardStart = Pick<StartingPosition, "Type" | "SequenceNumber" | "Timestamp"> & {
  readonly Type: NonNullable<StartingPosition["Type"]>;
};

export interface ShardPage {
  readonly records: readonly StreamRecord[];
  /** How far the end of the page is behind the newest record of the shard. */
  readonly millisBehind: number;
}

/** The pages of one shard, from `start` on. Ends after the last record of a closed shard; never, while the shard is open. */
export type ShardSource = (shardId: string, start: ShardStart, signal: AbortSignal) => AsyncIterable<ShardPage>;

export function streamRecord(shardId: string, record: SdkRecord): StreamRecord {
  return {
    shardId,
    sequenceNumber: record.SequenceNumber ?? "",
    arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
    partitionKey: record.PartitionKey ?? "",
    data: record.Data ?? new Uint8Array(),
  };
}

/** Behind what has been read: the position to go on from. */
export function startAfter(records: readonly StreamRecord[], before: ShardStart): ShardStart {
  const last = records.at(-1);
  return last === undefined ? before : { Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: last.sequenceNumber };
}
