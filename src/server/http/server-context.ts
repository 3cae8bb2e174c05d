import type { Clock } from "../../time/clock.ts";
import type { EventLoopTick } from "../../time/event-loop-tick.ts";
import type { ConnectionBudget } from "./budgets/connection-budget.ts";
import type { EncodingBudget } from "./budgets/encoding-budget.ts";
import type { HeadBudget } from "./budgets/head-budget.ts";
import type { ResponseBudget } from "./budgets/response-budget.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { RequestHandler } from "./http-message.ts";
import type { BodyReaderContext } from "./read-body.ts";
import type { RequestIds } from "./request-ids.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What one listener shares with all its connections, of either HTTP version. */
export interface ServerContext {
  readonly handler: RequestHandler;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly ids: RequestIds;
  readonly bodies: BodyReaderContext;
  readonly responses: ResponseBudget;
  readonly encoding: EncodingBudget;
  readonly heads: HeadBudget;
  readonly tick: EventLoopTick;
  readonly connections: ReadonlySet<ConnectionState>;
  readonly connectionBudget: ConnectionBudget;
  /** When the timeouts were last checked, of the monotonic clock. */
  checkedMs: number;
  /** True from the beginning of the drain. */
  isDraining: boolean;
}
