import { recordFailure } from "../../model/record-errors.ts";
import { shardRateText } from "../../model/shard-errors.ts";
import type { OperationContext } from "../../operations/operation-context.ts";
import { checkIncomingRecords } from "../../operations/records/check-incoming-records.ts";
import { putRecords } from "../../operations/records/put-records.ts";
import { requireWritableStream } from "../../operations/require-stream.ts";
import type { IncomingRecords } from "../../records/incoming-records.ts";
import type { InputOf, OutputOf } from "../../records/operation-io.ts";
import type { PutResults } from "../../records/put-results.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { RecordFaultType } from "./fault-rule.ts";

interface Failing {
  /** Share of the call's records, from 0 to 1; rounded to whole records, and at least one unless it is 0. */
  readonly share: number;
  readonly code: RecordFaultType;
  readonly random: () => number;
}

type Failures = Map<number, { readonly code: string; readonly message: string }>;

/**
 * A PutRecords of which some records fail, as if their shards were busy, and the others are stored. An invalid request is
 * refused as without injected faults.
 */
export async function putWithFailures(
  input: InputOf<"PutRecords">,
  context: OperationContext,
  { share, code, random }: Failing,
): Promise<OutputOf<"PutRecords">> {
  const { stream, shardMap } = requireWritableStream(input, context);
  const { Records } = input;
  checkIncomingRecords(Records, stream, "PutRecords");
  const chosen = chooseRecords(Records.count, share, random);
  if (chosen.size === 0 || input.DryRun === true) return await putRecords.handle(input, context);

  const failures: Failures = new Map();
  for (const index of chosen) {
    const shardId = formatShardId(shardMap.shardAt(shardMap.route(Records.hashKeys, index)).index);
    const message = code === recordFailure.code ? recordFailure.message : shardRateText(stream, shardId);
    failures.set(index, { code, message });
  }
  if (failures.size === Records.count) {
    const none = { count: Records.count, shardIds: [], sequenceNumbers: [], failures };
    const encrypted = stream.encryption === undefined ? {} : { EncryptionType: "KMS" as const };
    return { FailedRecordCount: failures.size, Records: none, ...encrypted };
  }
  const stored = await putRecords.handle({ ...input, Records: recordsWithout(Records, chosen) }, context);
  const results = merge(stored.Records, failures);
  return { ...stored, FailedRecordCount: results.failures?.size ?? 0, Records: results };
}

/** A random set of indexes below `count`; all sets of its size are equally likely. */
function chooseRecords(count: number, share: number, random: () => number): ReadonlySet<number> {
  const chosen = new Set<number>();
  let missing = share === 0 ? 0 : Math.max(1, Math.round(share * count));
  for (let index = 0; index < count && missing > 0; index++) {
    if (random() * (count - index) >= missing) continue;
    chosen.add(index);
    missing--;
  }
  return chosen;
}

/** Columns of the other records, over the same bytes. */
function recordsWithout(records: IncomingRecords, left: ReadonlySet<number>): IncomingRecords {
  const kept = Array.from({ length: records.count }, (_, index) => index).filter((index) => !left.has(index));
  const pick = (column: Uint32Array): Uint32Array => Uint32Array.from(kept, (index) => column[index] ?? 0);
  return {
    ...records,
    count: kept.length,
    dataStart: pick(records.dataStart),
    dataBytes: pick(records.dataBytes),
    keyStart: pick(records.keyStart),
    keyBytes: Uint16Array.from(kept, (index) => records.keyBytes[index] ?? 0),
    hashKeys: Uint32Array.from(kept.flatMap((index) => [...records.hashKeys.subarray(index * 4, index * 4 + 4)])),
  };
}

/** The results of the stored records at their indexes in the request, with the failures at theirs. */
function merge(stored: PutResults, failures: Failures): PutResults {
  const count = stored.count + failures.size;
  const shardIds: (string | undefined)[] = [];
  const sequenceNumbers: (string | undefined)[] = [];
  const all: Failures = new Map(failures);
  for (let index = 0, next = 0; index < count; index++) {
    if (failures.has(index)) continue;
    shardIds[index] = stored.shardIds[next];
    sequenceNumbers[index] = stored.sequenceNumbers[next];
    const failure = stored.failures?.get(next);
    if (failure !== undefined) all.set(index, failure);
    next++;
  }
  return { count, shardIds, sequenceNumbers, failures: all };
}
