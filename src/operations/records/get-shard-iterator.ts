import { dryRunSucceeded } from "../../model/request-errors.ts";
import { shardDoesNotExist } from "../../model/shard-errors.ts";
import { findStartPosition, latestTimestampMs } from "../../shards/find-start-position.ts";
import { resourceNotFoundIfLogGone } from "../../shards/log-gone-error.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import { startingPositionOf } from "../../streams/positions/starting-position.ts";
import { defineOperation } from "../operation.ts";
import { parseShardIndex } from "../parse-shard-index.ts";
import { findStream } from "../require-stream.ts";
import { newShardIterator } from "./new-shard-iterator.ts";

/** Order of checks as observed: shard id, stream, shard, members that go together, number, its shard, its stream. */
export const getShardIterator = defineOperation({
  name: "GetShardIterator",
  plane: "data",
  async handle(input, context) {
    const { place, revision } = findStream(input, context);
    const index = parseShardIndex(input.ShardId, place);
    const shard = revision?.shard(index);
    // A stream that is missing or still CREATING has no shard: the response names the shard, not the stream.
    if (revision === undefined || shard === undefined) throw shardDoesNotExist(place, formatShardId(index));

    context.limits?.admitIterator(revision.stream, index);

    const present = await latestTimestampMs(context.shards, revision, shard, input.Timestamp);
    const start = startingPositionOf(input, revision.stream, shard, present);
    if (input.DryRun === true) throw dryRunSucceeded();
    const position = await resourceNotFoundIfLogGone(
      revision,
      shard,
      findStartPosition(context.shards, revision, shard, start),
    );
    return { ShardIterator: newShardIterator(revision.stream, shard, position, context) };
  },
});
