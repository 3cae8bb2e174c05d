import type { ReshardPlan } from "../../streams/reshard-plan.ts";
import type { Stream } from "../../streams/stream.ts";
import type { OperationContext } from "../operation-context.ts";

/** The stream with the plan as its intent: UPDATING, parents still open, until upkeep has carried it out. */
export function beginReshard(stream: Stream, plan: ReshardPlan, context: OperationContext): Stream {
  const dueMs = context.clock.nowMs() + context.transitionDelayMs;
  return { ...stream, status: "UPDATING", intent: { kind: "reshard", operationId: context.newId(), dueMs, ...plan } };
}
