import type { ChannelFailure, ChannelFigures } from "../../channels/channel-figures.ts";
import type { ConfigSetting } from "../../config/describe-config.ts";
import type { Engine } from "../../engine/engine.ts";
import type { QueueFigures } from "../../queues/queue-calls.ts";
import type { StreamRegistry } from "../../registry/stream-registry.ts";
import type { TrafficCounts } from "../../shards/traffic-counts.ts";
import type { TrafficHistory } from "../../shards/traffic-history.ts";
import type { Clock } from "../../time/clock.ts";

/** What the page is told of the server besides the Kinesis API. */
export interface ConsoleServices {
  /** In `read-only`, the console's way to the API refuses operations that change something. */
  readonly mode: "read-only" | "on";
  readonly version: string;
  /** Wall clock of the start. */
  readonly startedMs: number;
  readonly clock: Clock;
  readonly engine: Pick<Engine, "health">;
  readonly registry: StreamRegistry;
  readonly counts: TrafficCounts;
  readonly history: TrafficHistory;
  /** Undefined for a channel that does not deliver. */
  readonly channelFigures: (channelId: string) => ChannelFigures | undefined;
  /** Undefined while a channel delivers. */
  readonly channelFailure: (channelId: string) => ChannelFailure | undefined;
  /** Undefined for a queue that was not used since the start. */
  readonly queueFigures: (queueId: string) => QueueFigures | undefined;
  /** The configuration in force, without secrets. */
  readonly settings: readonly ConfigSetting[];
  /** Whether callers must sign with keys that the server knows. */
  readonly verifiesSignatures: boolean;
  /** Account and region of a page that does not say others. */
  readonly account: string;
  readonly region: string;
}
