import { KinesisError, kinesis } from "../api/kinesis.ts";
import { callsOf, type NewRecord } from "./parse-records.ts";

interface PutRecordsOutput {
  readonly Records: readonly {
    readonly SequenceNumber?: string;
    readonly ShardId?: string;
    readonly ErrorCode?: string;
    readonly ErrorMessage?: string;
  }[];
}

/** Where a record was stored. */
export interface Stored {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

export async function putOne(StreamName: string, record: NewRecord): Promise<Stored> {
  const output = await kinesis<{ ShardId: string; SequenceNumber: string }>("PutRecord", {
    StreamName,
    ...entryOf(record),
  });
  return { shardId: output.ShardId, sequenceNumber: output.SequenceNumber };
}

/** How often what a shard has throttled is put again. */
const attemptsMax = 20;
const throttledWaitMs = 300;

/**
 * Puts records in their order, call by call, and throttled ones again. `onStored` is told how many more were stored. Errors:
 * KinesisError, also for a record that fails otherwise.
 */
export async function putMany(
  StreamName: string,
  records: readonly NewRecord[],
  onStored: (count: number) => void,
): Promise<void> {
  for (const call of callsOf(records)) {
    let left = call;
    for (let attempt = 0; left.length > 0; attempt++) {
      const { Records } = await kinesis<PutRecordsOutput>("PutRecords", { StreamName, Records: left.map(entryOf) });
      const failed = Records.flatMap((result, i) =>
        result.ErrorCode === undefined ? [] : [{ result, record: left[i] }],
      );
      onStored(left.length - failed.length);
      const first = failed[0]?.result;
      if (first === undefined) break;
      const isThrottled = failed.every(({ result }) => result.ErrorCode === "ProvisionedThroughputExceededException");
      if (!isThrottled || attempt >= attemptsMax)
        throw new KinesisError(first.ErrorCode ?? "", first.ErrorMessage ?? "");
      await new Promise((resolve) => setTimeout(resolve, throttledWaitMs));
      left = failed.flatMap(({ record }) => (record === undefined ? [] : [record]));
    }
  }
}

function entryOf({ partitionKey, explicitHashKey, dataBase64 }: NewRecord): object {
  return {
    PartitionKey: partitionKey,
    Data: dataBase64,
    ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
  };
}
