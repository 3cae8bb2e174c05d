import type { Clock } from "../../time/clock.ts";
import type { Connection } from "./connection.ts";
import type { EventLoopTick } from "./event-loop-tick.ts";
import type { RequestHandler } from "./http-message.ts";
import type { BodyReaderContext } from "./read-body.ts";
import type { RequestIds } from "./request-ids.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What the two HTTP versions share: they differ in how bytes come and go, not in what is done with them. */
export interface ServerContext {
  readonly handler: RequestHandler;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly ids: RequestIds;
  readonly room: BodyReaderContext;
  readonly turn: EventLoopTick;
  readonly connections: ReadonlySet<Connection>;
  /** True from the beginning of the drain. */
  isDraining: boolean;
}
