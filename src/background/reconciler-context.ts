import type { ShardLog } from "../engine/shard-log.ts";
import type { DeletedStreams } from "../registry/deleted-streams.ts";
import type { NameStore } from "../registry/name-store.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamChannel, StreamQueue } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";
import type { UpkeepTurns } from "./upkeep-turns.ts";

/** Makes and removes what queues keep in the engine. */
export interface QueueStates {
  /** Creates the first state log of a queue. May be repeated. */
  openStateLog(queueId: string): Promise<NonNullable<StreamQueue["stateLog"]>>;
  /** Ends all receives of a queue, and drops its state log. May be repeated. */
  drop(queue: StreamQueue): Promise<void>;
}

/** Tries destinations, and removes what channels keep in the engine. */
export interface ChannelStates {
  /**
   * Tries the destination of a new channel and notes where it begins. Resolves with the reason why it cannot be delivered to,
   * or undefined. May be repeated.
   */
  begin(revision: StreamRevision, channel: StreamChannel): Promise<string | undefined>;
  /** Ends the delivery of a channel, and drops its checkpoint. May be repeated. */
  drop(channel: StreamChannel): Promise<void>;
}

/** The services that the reconciler and its steps use. */
export interface ReconcilerContext {
  readonly log: ShardLog;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly queueNames: NameStore;
  readonly channelNames: NameStore;
  readonly queues: QueueStates;
  readonly channels: ChannelStates;
  readonly clock: Clock;
  /** Absent where one server alone uses the engine. */
  readonly turns?: UpkeepTurns | undefined;
}
