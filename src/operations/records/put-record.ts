import { orderingInvalid, recordFailure, storageThrottled } from "../../model/record-errors.ts";
import { dryRunSucceeded, internalFailure } from "../../model/request-errors.ts";
import type { PutResults } from "../../records/put-results.ts";
import { latestPresentMs } from "../../registry/latest-present.ts";
import { storeRecords } from "../../shards/store-records.ts";
import { parseSequenceNumber } from "../../streams/positions/sequence-number.ts";
import type { Stream } from "../../streams/stream.ts";
import { toKmsError } from "../kms-error.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireWritableStream } from "../require-stream.ts";
import { checkIncomingRecords } from "./check-incoming-records.ts";

export const putRecord = defineOperation({
  name: "PutRecord",
  plane: "data",
  async handle(input, context) {
    const revision = requireWritableStream(input, context);
    checkIncomingRecords(input.Record, revision.stream, "PutRecord");
    const ordering = input.SequenceNumberForOrdering;
    if (ordering !== undefined && !isPast(ordering, revision.stream, context)) {
      throw orderingInvalid(revision.stream, ordering);
    }
    if (input.DryRun === true) throw dryRunSucceeded();

    // A shard's log gives every later record a higher number, so an ordering of the past is kept without further checks.
    let results: PutResults;
    try {
      results = await storeRecords(context.shards, revision, input.Record, "PutRecord");
    } catch (error) {
      context.shards.traffic.countFailedPut(revision, "PutRecord", 1);
      throw toKmsError(error, { stream: revision.stream, caller: context.caller, use: "write" });
    }
    const failure = results.failures?.get(0);
    if (failure?.code === "ProvisionedThroughputExceededException") throw storageThrottled(failure.message);
    if (failure !== undefined && failure.message !== recordFailure.message) throw internalFailure(failure.message);
    const ShardId = results.shardIds[0];
    const SequenceNumber = results.sequenceNumbers[0];
    if (ShardId === undefined || SequenceNumber === undefined) throw internalFailure();
    return revision.stream.encryption === undefined
      ? { ShardId, SequenceNumber }
      : { ShardId, SequenceNumber, EncryptionType: "KMS" };
  },
});

/**
 * AWS takes any number that parses and whose time is not in the future, also one of another shard; numbers of version 0
 * carry no time. Shards made by a reshard may be numbered a second or more ahead of the clock, which then counts.
 */
function isPast(sequenceNumber: string, stream: Stream, { clock, registry }: OperationContext): boolean {
  const parsed = parseSequenceNumber(sequenceNumber);
  if (parsed === undefined) return false;
  if (parsed.version === 0) return true;
  const present = stream.shards.reduce(
    (latest, shard) => Math.max(latest, shard.createSecond),
    Math.floor(latestPresentMs(clock, registry) / 1000),
  );
  return parsed.second <= present;
}
