import { shardFilterNeeds, shardFilterRefuses } from "../../model/list-errors.ts";
import type * as shapes from "../../model/shapes.generated.ts";
import type { StreamPlace } from "../../model/stream-errors.ts";
import type { ShardFilter } from "../../streams/positions/shard-filter.ts";
import { parseShardIndex } from "../parse-shard-index.ts";

/** Checks that a ShardFilter has exactly the members of its type. Errors: InvalidArgumentException. */
export function parseShardFilter(given: shapes.ShardFilter, stream: StreamPlace): ShardFilter {
  const { Type: type, ShardId, Timestamp } = given;
  switch (type) {
    case "AFTER_SHARD_ID":
      if (ShardId === undefined) throw shardFilterNeeds("ShardId", type);
      if (Timestamp !== undefined) throw shardFilterRefuses("Timestamp", type);
      return { type, shardIndex: parseShardIndex(ShardId, stream) };
    case "AT_TIMESTAMP":
    case "FROM_TIMESTAMP":
      if (Timestamp === undefined) throw shardFilterNeeds("Timestamp", type);
      if (ShardId !== undefined) throw shardFilterRefuses("ShardId", type);
      return { type, timeMs: Timestamp };
    case "AT_TRIM_HORIZON":
    case "FROM_TRIM_HORIZON":
    case "AT_LATEST":
      if (ShardId !== undefined) throw shardFilterRefuses("ShardId", type);
      if (Timestamp !== undefined) throw shardFilterRefuses("Timestamp", type);
      return { type };
  }
}
