import type { ShardLog } from "../engine/shard-log.ts";
import type { DeletedStreams } from "../registry/deleted-streams.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { Clock } from "../time/clock.ts";

/** The services that the reconciler and its steps use. */
export interface ReconcilerContext {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly clock: Clock;
}
