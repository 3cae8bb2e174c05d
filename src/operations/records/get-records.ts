import { invalidShardIterator, iteratorExpired, iteratorOfOtherStream } from "../../model/iterator-errors.ts";
import { dryRunSucceeded, internalFailure } from "../../model/request-errors.ts";
import type { GetRecordsInput } from "../../model/shapes.generated.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { resourceNotFoundIfLogGone } from "../../shards/log-gone-error.ts";
import { type Page, pageBytesIn, pageMemoryBytesMax, pageRecordsMax, readPage } from "../../shards/read-page.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { resolveStreamRef } from "../../streams/stream-ref.ts";
import { type ShardIterator, tokenExpiry } from "../../streams/tokens/shard-iterator.ts";
import { isVisibleToCaller } from "../is-visible-to-caller.ts";
import { toKmsError } from "../kms-error.ts";
import { defineOperation } from "../operation.ts";
import type { ClientConnection, OperationContext } from "../operation-context.ts";
import { childShardOutputs } from "../shards/shard-output.ts";
import { newShardIterator } from "./new-shard-iterator.ts";

/** Data of a page that is made at once, whatever else waits. */
const smallPageBytesMax = 64 * 1024;
/** A reader whose page ends with a record that is younger follows the tip. */
const liveMsMax = 1_000;

/**
 * A page from the iterator's position on. At the end of a closed shard NextShardIterator is absent and ChildShards names
 * the shards to read next; readers such as the Kinesis Client Library take one without the other for a broken response.
 */
export const getRecords = defineOperation({
  name: "GetRecords",
  plane: "data",
  async handle(input, context) {
    const iterator = requireIterator(input, context);
    const { revision, shard } = requireIteratorShard(iterator, context);
    if (input.DryRun === true) throw dryRunSucceeded();

    admitRead(revision, shard.index, context);
    const startedMs = context.clock.monotonicMs();
    const recordsMax = input.Limit ?? pageRecordsMax;
    let page: Page;
    try {
      const reading = readAdmitted(context.connection, (bytesMax) =>
        readPage(context.shards, revision, shard, iterator.position, { recordsMax, bytesMax }),
      );
      page = await resourceNotFoundIfLogGone(revision, shard, reading);
    } catch (error) {
      context.shards.traffic.countFailedRead(revision, shard.index, "failed");
      throw toKmsError(error, { stream: revision.stream, caller: context.caller, use: "read" });
    }
    context.limits?.chargeRead(revision.stream, shard.index, page.records.dataBytes);
    if (context.isConsole !== true) {
      const durationMs = context.clock.monotonicMs() - startedMs;
      context.shards.traffic.countRead(revision, shard.index, page, durationMs);
      context.shards.counts.countRead(revision, shard.index, page, durationMs);
    }
    // The page was awaited: a split that finished meanwhile has closed the shard and named its children.
    const { stream } = context.registry.current(revision) ?? revision;
    return {
      Records: page.records,
      MillisBehindLatest: page.millisBehindLatest,
      ...(page.atEnd
        ? { ChildShards: childShardOutputs(stream.shards, shard.index) }
        : { NextShardIterator: newShardIterator(stream, shard, page.next, context) }),
    };
  },
});

/** While large responses wait, a reader that follows the tip does not wait with them: it gets a small page. */
async function readAdmitted(connection: ClientConnection, read: (bytesMax: number) => Promise<Page>): Promise<Page> {
  if (connection.isLargeDelayed?.(pageMemoryBytesMax) === true) {
    const page = await read(smallPageBytesMax);
    if (page.atEnd || page.millisBehindLatest < liveMsMax) return page;
    page.records.lease?.[Symbol.dispose]();
  }
  const memory = connection.admitLarge?.(pageMemoryBytesMax);
  const page = await read(pageBytesIn(memory instanceof Promise ? await memory : memory));
  // One that was read from the disk is there some time after its turn.
  if (page.records.dataBytes > smallPageBytesMax) await connection.takeTurn?.();
  return page;
}

/** Errors: ProvisionedThroughputExceededException. */
function admitRead(revision: StreamRevision, shardIndex: number, { limits, shards }: OperationContext): void {
  const { stream } = revision;
  try {
    limits?.admitRead(stream, shardIndex);
  } catch (throttled) {
    shards.counts.countThrottledRead(revision, shardIndex);
    shards.traffic.countFailedRead(revision, shardIndex, "throttled");
    throw throttled;
  }
}

/** Errors: InvalidArgumentException for a malformed iterator, and for one beside the ARN of another stream; ExpiredIteratorException. */
function requireIterator(input: GetRecordsInput, context: OperationContext): ShardIterator {
  const iterator = context.iterators.decode(input.ShardIterator);
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
 * An iterator outlives its stream. On a stream made again under the name, AWS reports an absent shard as such, and a
 * present one with InternalFailure.
 */
function requireIteratorShard(iterator: ShardIterator, { registry, caller }: OperationContext) {
  const { account, region, streamName, streamId, shardIndex } = iterator;
  const revision = isVisibleToCaller(iterator, caller) ? registry.find(account, region, streamName) : undefined;
  const shard = revision?.shard(shardIndex);
  if (revision === undefined || shard === undefined) {
    throw shardDoesNotExist({ name: streamName, account }, formatShardId(shardIndex));
  }
  if (revision.stream.id !== streamId) throw internalFailure();
  return { revision, shard };
}
