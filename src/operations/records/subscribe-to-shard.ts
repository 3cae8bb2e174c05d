import { consumerNotActive } from "../../model/consumer-errors.ts";
import { dryRunSucceeded } from "../../model/request-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { findStartPosition, latestTimestampMs } from "../../shards/find-start-position.ts";
import { resourceNotFoundIfLogGone } from "../../shards/log-gone-error.ts";
import type { SubscriptionLease } from "../../shards/subscription-leases.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { startingPositionOf } from "../../streams/positions/starting-position.ts";
import type { StreamConsumer } from "../../streams/stream.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { parseShardIndex } from "../parse-shard-index.ts";
import { requireConsumer } from "../require-consumer.ts";
import { pushEvents } from "./push-events.ts";

/**
 * Refuses what can be refused before the stream of events opens, as an ordinary response. What happens later, a take-over
 * or the end of the consumer, is an exception among the events.
 */
export const subscribeToShard = defineOperation({
  name: "SubscribeToShard",
  plane: "data",
  async handle(input, context) {
    const { revision, consumer } = requireConsumer(input, context);
    const { stream } = revision;
    if (consumer.status !== "ACTIVE") {
      throw consumerNotActive(stream, { name: consumer.name, createdSecond: Math.floor(consumer.createdMs / 1000) });
    }
    const index = parseShardIndex(input.ShardId, stream);
    const shard = revision.shard(index);
    if (shard === undefined) throw shardDoesNotExist(stream, formatShardId(index));
    const { Type, SequenceNumber, Timestamp } = input.StartingPosition;
    const members = { ShardIteratorType: Type, StartingSequenceNumber: SequenceNumber, Timestamp };
    const place = startingPositionOf(
      members,
      stream,
      shard,
      await latestTimestampMs(context.shards, revision, shard, Timestamp),
    );
    if (input.DryRun === true) throw dryRunSucceeded();

    const shardId = formatShardId(index);
    const { connection } = context;
    const lease = await takeLease({ revision, index, shardId, consumer }, context);
    connection.signal.addEventListener("abort", () => lease.end(), { once: true });
    if (connection.signal.aborted) lease.end();
    const from = await resourceNotFoundIfLogGone(
      revision,
      shard,
      findStartPosition(context.shards, revision, shard, place),
    );
    return { EventStream: pushEvents({ revision, shard, consumer, from, lease }, context) };
  },
});

interface Wanted {
  readonly revision: StreamRevision;
  readonly index: number;
  readonly shardId: string;
  readonly consumer: StreamConsumer;
}

/** Errors: LimitExceededException, ResourceInUseException. */
async function takeLease(
  { revision, index, shardId, consumer }: Wanted,
  { limits, subscriptions, shards, clock }: OperationContext,
): Promise<SubscriptionLease> {
  const { stream } = revision;
  try {
    limits?.admitSubscription(stream, index, consumer.name);
    const lease = await subscriptions.take({ stream, shardId, consumer }, clock.monotonicMs());
    shards.traffic.countSubscription(revision, consumer.name, "opened");
    return lease;
  } catch (refused) {
    const isThrottled = refused instanceof ServiceError;
    shards.traffic.countSubscription(revision, consumer.name, isThrottled ? "throttled" : "failed");
    throw refused;
  }
}
