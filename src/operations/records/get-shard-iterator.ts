import { dryRunSucceeded } from "../../model/request-errors.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import { orResourceNotFound } from "../../shards/dropped-shard.ts";
import { findPosition, latestTimestampMs } from "../../shards/find-position.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { startingPlace } from "../../streams/positions/starting-position.ts";
import { operation } from "../operation.ts";
import { requireShardId } from "../require-shard.ts";
import { findStream } from "../require-stream.ts";
import { iteratorAt } from "./iterator-at.ts";

/** Order of checks as observed: shard id, stream, shard, members that go together, number, its shard, its stream. */
export const getShardIterator = operation({
  name: "GetShardIterator",
  plane: "data",
  async handle(input, context) {
    const { place, live } = findStream(input, context);
    const index = requireShardId(input.ShardId, place);
    const shard = live?.shard(index);
    // A stream that is missing or still CREATING has no shard: the answer speaks of the shard, not of the stream.
    if (live === undefined || shard === undefined) throw shardDoesNotExist(place, formatShardId(index));

    context.limits?.admitIterator(live.stream, index);

    const present = await latestTimestampMs(context.shards, live, shard, input.Timestamp);
    const start = startingPlace(input, live.stream, shard, present);
    if (input.DryRun === true) throw dryRunSucceeded();
    const position = await orResourceNotFound(live, shard, findPosition(context.shards, live, shard, start));
    return { ShardIterator: iteratorAt(live.stream, shard, position, context) };
  },
});
