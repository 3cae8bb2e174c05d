import type { Clock } from "../time/clock.ts";
import type { Connection } from "./connection.ts";
import type { RequestHandler } from "./exchange.ts";
import type { LoopTurn } from "./loop-turn.ts";
import type { BodyRoom } from "./read-body.ts";
import type { RequestIds } from "./request-ids.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What the two HTTP versions share: they differ in how bytes come and go, not in what is done with them. */
export interface Serving {
  readonly handler: RequestHandler;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly ids: RequestIds;
  readonly room: BodyRoom;
  readonly turn: LoopTurn;
  readonly connections: ReadonlySet<Connection>;
  /** True from the beginning of the drain. */
  isDraining: boolean;
}
