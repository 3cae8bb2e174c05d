import { invalidShardIterator, iteratorExpired, iteratorOfOtherStream } from "../../model/iterator-errors.ts";
import { dryRunSucceeded, internalFailure } from "../../model/request-errors.ts";
import type { GetRecordsInput } from "../../model/shapes.generated.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import { orResourceNotFound } from "../../shards/dropped-shard.ts";
import { pageRecordsMax, readPage } from "../../shards/read-page.ts";
import { hasShardMetrics } from "../../shards/shard-metrics.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { Stream } from "../../streams/stream.ts";
import { resolveStreamRef } from "../../streams/stream-ref.ts";
import { openShardIterator, type ShardIterator, tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { canReference } from "../can-reference.ts";
import { kmsErrorOf } from "../kms-error.ts";
import { operation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { childShardShapes } from "../shards/shard-shape.ts";
import { iteratorAt } from "./iterator-at.ts";

/**
 * A page from the iterator's place on. At the end of a closed shard NextShardIterator is absent and ChildShards tells
 * where to read on; readers such as the Kinesis Client Library hold one without the other for a broken answer.
 */
export const getRecords = operation({
  name: "GetRecords",
  plane: "data",
  async handle(input, context) {
    const iterator = requireIterator(input, context);
    const { live, shard } = requireIteratorShard(iterator, context);
    if (input.DryRun === true) throw dryRunSucceeded();

    admitRead(live.stream, shard.index, context);
    const reading = readPage(context.shards, live, shard, iterator.position, input.Limit ?? pageRecordsMax);
    const page = await orResourceNotFound(live, shard, reading).catch((error: unknown) => {
      throw kmsErrorOf(error, { stream: live.stream, caller: context.caller, use: "read" });
    });
    context.limits?.chargeRead(live.stream, shard.index, page.records.dataBytes);
    if (hasShardMetrics(live.stream)) context.shards.traffic.countRead(live.stream, shard.index, page);
    // The page was awaited: a split that finished meanwhile has closed the shard and named its children.
    const { stream } = context.registry.current(live) ?? live;
    return {
      Records: page.records,
      MillisBehindLatest: page.millisBehindLatest,
      ...(page.atEnd
        ? { ChildShards: childShardShapes(stream.shards, shard.index) }
        : { NextShardIterator: iteratorAt(stream, shard, page.next, context) }),
    };
  },
});

/** Errors: ProvisionedThroughputExceededException. */
function admitRead(stream: Stream, shardIndex: number, { limits, shards }: OperationContext): void {
  try {
    limits?.admitRead(stream, shardIndex);
  } catch (throttled) {
    if (hasShardMetrics(stream)) shards.traffic.countThrottledRead(stream, shardIndex);
    throw throttled;
  }
}

/** Errors: InvalidArgumentException for a malformed iterator, and for one beside the ARN of another stream; ExpiredIteratorException. */
function requireIterator(input: GetRecordsInput, context: OperationContext): ShardIterator {
  const iterator = openShardIterator(context.tokens, input.ShardIterator);
  if (iterator === undefined) throw invalidShardIterator();
  const expiry = tokenExpiry(iterator, context.clock.nowMs());
  if (expiry !== undefined) throw iteratorExpired(expiry);
  if (input.StreamARN !== undefined) {
    const { account, region, name } = resolveStreamRef(input, context.caller);
    const isSame = account === iterator.account && region === iterator.region && name === iterator.streamName;
    if (!isSame) throw iteratorOfOtherStream();
  }
  return iterator;
}

/**
 * An iterator outlives its stream. On a stream made again under the name, AWS answers an absent shard as such and a
 * present one with InternalFailure.
 */
function requireIteratorShard(iterator: ShardIterator, { registry, caller }: OperationContext) {
  const { account, region, streamName, streamId, shardIndex } = iterator;
  const live = canReference(iterator, caller) ? registry.find(account, region, streamName) : undefined;
  const shard = live?.shard(shardIndex);
  if (live === undefined || shard === undefined) {
    throw shardDoesNotExist({ name: streamName, account }, formatShardId(shardIndex));
  }
  if (live.stream.id !== streamId) throw internalFailure();
  return { live, shard };
}
