import { consumerNotActive } from "../../model/consumer-errors.ts";
import { dryRunSucceeded } from "../../model/request-errors.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import { findStartPosition, latestTimestampMs } from "../../shards/find-start-position.ts";
import { resourceNotFoundIfLogGone } from "../../shards/log-gone-error.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { startingPositionOf } from "../../streams/positions/starting-position.ts";
import { defineOperation } from "../operation.ts";
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

    context.limits?.admitSubscription(stream, index, consumer.name);
    const shardId = formatShardId(index);
    const { connection } = context;
    const lease = await context.subscriptions.take({ stream, shardId, consumer }, context.clock.monotonicMs());
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
