import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import { type OnTrouble, retryTransient } from "../client/retry-transient.ts";
import { type ShardPage, type ShardSource, type ShardStart, startAfter, streamRecord } from "./shard-source.ts";

export interface PollOptions {
  readonly kinesis: Kinesis;
  readonly stream: string;
  /** Pause at the tip of a shard. The service takes five calls a second for each shard, of all its readers together. */
  readonly pollMs: number;
  readonly onTrouble: OnTrouble;
}

/** The most that GetRecords returns. */
const pageRecordsMax = 10_000;

/** Reads with GetRecords. */
export function pollShards({ kinesis, stream, pollMs, onTrouble }: PollOptions): ShardSource {
  return async function* (shardId, start, signal): AsyncGenerator<ShardPage> {
    const retried = <T>(call: () => Promise<T>): Promise<T> => retryTransient(call, { signal, onTrouble });
    const iteratorAt = (position: ShardStart): Promise<string | undefined> =>
      retried(async () => {
        const { Type, SequenceNumber, Timestamp } = position;
        const at = { StartingSequenceNumber: SequenceNumber, Timestamp };
        const input = { StreamName: stream, ShardId: shardId, ShardIteratorType: Type, ...at };
        return (await kinesis.getShardIterator(input, { abortSignal: signal })).ShardIterator;
      });
    let position = withoutTip(start);
    let iterator = await iteratorAt(start);
    while (iterator !== undefined && iterator !== null) {
      const ShardIterator: string = iterator;
      const page = await retried(() => getRecords(kinesis, ShardIterator, signal));
      if (page === "expired") {
        iterator = await iteratorAt(position);
        continue;
      }
      const records = (page.Records ?? []).map((record) => streamRecord(shardId, record));
      position = startAfter(records, position);
      const millisBehind = page.MillisBehindLatest ?? (records.length === 0 ? 0 : 1);
      yield { records, millisBehind };
      iterator = page.NextShardIterator;
      if (iterator !== undefined && millisBehind === 0) await pause(pollMs, undefined, { signal });
    }
  };
}

/** An iterator lives for five minutes; a reader of this program's output may take longer over a page. */
async function getRecords(kinesis: Kinesis, ShardIterator: string, signal: AbortSignal) {
  try {
    return await kinesis.getRecords({ ShardIterator, Limit: pageRecordsMax }, { abortSignal: signal });
  } catch (error) {
    if (error instanceof Error && error.name === "ExpiredIteratorException") return "expired";
    throw error;
  }
}

/** From the tip, reading again begins at the time of the first call: the tip of a later call would leave a gap. */
function withoutTip(start: ShardStart): ShardStart {
  return start.Type === "LATEST" ? { Type: "AT_TIMESTAMP", Timestamp: new Date() } : start;
}
