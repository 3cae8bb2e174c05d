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
const refusesForGood = /^(Validation|InvalidArgument|Serialization)Exception$/;
const waitMsMin = 50;
const waitMsMax = 3_000;

export function entryBytes({ partitionKey, data }: PutEntry): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/**
 * Puts one batch, and those entries again that were refused for now, for `retryMsMax` at most. Resolves with one outcome for
 * each entry, in order. Throws what refuses every entry, such as a stream that does not exist.
 */
export async function putBatch(entries: readonly PutEntry[], options: PutOptions): Promise<readonly PutOutcome[]> {
  const outcomes: PutOutcome[] = [];
  let left = entries.map((_, index) => index);
  const endMs = performance.now() + options.retryMsMax;
  for (let waitMs = waitMsMin; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    const sent = left.map((index) => entries[index] as PutEntry);
    const answers = await putOnce(sent, waitMs >= 1_000, options);
    for (const [at, index] of left.entries()) outcomes[index] = answers[at] as PutOutcome;
    left = left.filter((index) => isRefusedForNow(outcomes[index] as PutOutcome));
    if (left.length === 0 || performance.now() + waitMs > endMs) return outcomes;
    options.onRetry(left.length);
    await pause(waitMs * (0.5 + Math.random() / 2));
  }
}

/** One request. A failure that may pass is the outcome of all its entries. */
async function putOnce(
  entries: readonly PutEntry[],
  tellsTrouble: boolean,
  options: PutOptions,
): Promise<readonly PutOutcome[]> {
  try {
    const response = await options.kinesis.putRecords({
      StreamName: options.stream,
      Records: entries.map(requestEntry),
    });
    return entries.map((_, index) => {
      const { ErrorCode, ErrorMessage, ShardId = "", SequenceNumber = "" } = response.Records?.[index] ?? {};
      if (ErrorCode) return { isStored: false, code: ErrorCode, message: ErrorMessage ?? "" };
      return { isStored: true, shardId: ShardId, sequenceNumber: SequenceNumber };
    });
  } catch (error) {
    if (refusesOneEntry(error)) return putHalves(entries, error, options);
    if (!isTransient(error)) throw error;
    const { name: code, message } = error as Error;
    if (tellsTrouble) options.onTrouble(error as Error);
    return entries.map(() => ({ isStored: false, code, message }));
  }
}

function isRefusedForNow(outcome: PutOutcome): boolean {
  return !outcome.isStored && !refusesForGood.test(outcome.code);
}

/** A request whose entries are refused together, because of one of them. */
function refusesOneEntry(error: unknown): error is Error {
  return error instanceof Error && refusesForGood.test(error.name);
}

/** Finds the entry, and stores the others. */
async function putHalves(
  entries: readonly PutEntry[],
  { name, message }: Error,
  options: PutOptions,
): Promise<readonly PutOutcome[]> {
  if (entries.length === 1) return [{ isStored: false, code: name, message }];
  const middle = Math.ceil(entries.length / 2);
  const first = await putBatch(entries.slice(0, middle), options);
  return [...first, ...(await putBatch(entries.slice(middle), options))];
}

function requestEntry({ partitionKey, explicitHashKey, data }: PutEntry): PutRecordsRequestEntry {
  const entry = { PartitionKey: partitionKey, Data: data };
  return explicitHashKey === undefined ? entry : { ...entry, ExplicitHashKey: explicitHashKey };
}
