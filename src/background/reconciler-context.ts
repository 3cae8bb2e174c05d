import type { ShardLog } from "../engine/shard-log.ts";
import type { DeletedStreams } from "../registry/deleted-streams.ts";
import type { QueueNameStore } from "../registry/queue-name-store.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamQueue } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";
import type { UpkeepTurns } from "./upkeep-turns.ts";

/** Makes and removes what queues keep in the engine. */
export interface QueueStates {
  /** Creates the first state log of a queue. May be repeated. */
  openStateLog(queueId: string): Promise<NonNullable<StreamQueue["stateLog"]>>;
  /** Ends all receives of a queue, and drops its state log. May be repeated. */
  drop(revision: StreamRevision, queue: StreamQueue): Promise<void>;
}

/** The services that the reconciler and its steps use. */
export interface ReconcilerContext {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly queueNames: QueueNameStore;
  readonly queues: QueueStates;
  readonly clock: Clock;
  /** Absent where one server alone uses the engine. */
  readonly turns?: UpkeepTurns | undefined;
}
