import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis, PutRecordsRequestEntry } from "@aws-sdk/client-kinesis";
import { isTransient, type OnTrouble } from "../client/retry-transient.ts";

export interface PutEntry {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
}

/** The fate of one entry of a batch. */
export type PutOutcome =
  | { readonly isStored: true; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly isStored: false; readonly code: string; readonly message: string };

export interface PutOptions {
  readonly kinesis: Kinesis;
  readonly stream: string;
  /** How long entries that are refused for now are sent again. */
  readonly retryMsMax: number;
  readonly onTrouble: OnTrouble;
  readonly onRetry: (entries: number) => void;
}

/** Bounds of PutRecords. */
export const batchEntriesMax = 500;
/** Below the 5 MiB of a request, of which keys are a part; base64 does not count. */
export const batchBytesMax = 4_500_000;
const waitMsMin = 50;
const waitMsMax = 3_000;

export function entryBytes({ partitionKey, data }: PutEntry): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/**
 * Puts one batch, and those entries again that were refused for now, for `retryMsMax` at most. Resolves with one outcome for
 * each entry, in order. Throws what refuses the whole request for good.
 */
export async function putBatch(entries: readonly PutEntry[], options: PutOptions): Promise<readonly PutOutcome[]> {
  const { kinesis, stream, retryMsMax, onTrouble, onRetry } = options;
  const outcomes: PutOutcome[] = [];
  let left = entries.map((_, index) => index);
  const endMs = performance.now() + retryMsMax;
  for (let waitMs = waitMsMin; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    const Records = left.map((index) => requestEntry(entries[index] as PutEntry));
    try {
      const response = await kinesis.putRecords({ StreamName: stream, Records });
      left.forEach((index, at) => {
        const { ErrorCode, ErrorMessage, ShardId = "", SequenceNumber = "" } = response.Records?.[at] ?? {};
        outcomes[index] = ErrorCode
          ? { isStored: false, code: ErrorCode, message: ErrorMessage ?? "" }
          : { isStored: true, shardId: ShardId, sequenceNumber: SequenceNumber };
      });
    } catch (error) {
      if (!isTransient(error)) throw error;
      const { name, message } = error as Error;
      for (const index of left) outcomes[index] = { isStored: false, code: name, message };
      if (waitMs >= 1_000) onTrouble(error as Error);
    }
    left = left.filter((index) => outcomes[index]?.isStored === false);
    if (left.length === 0 || performance.now() + waitMs > endMs) return outcomes;
    onRetry(left.length);
    await pause(waitMs * (0.5 + Math.random() / 2));
  }
}

function requestEntry({ partitionKey, explicitHashKey, data }: PutEntry): PutRecordsRequestEntry {
  const entry = { PartitionKey: partitionKey, Data: data };
  return explicitHashKey === undefined ? entry : { ...entry, ExplicitHashKey: explicitHashKey };
}
