import type { ReshardPlan } from "../../streams/resharding/reshard-plan.ts";
import type { Stream } from "../../streams/stream.ts";
import type { OperationContext } from "../operation-context.ts";
import { transitionDueMs } from "../transition-due.ts";

/** The stream with the plan as its intent: UPDATING, parents still open, until upkeep has carried it out. */
export function beginReshard(stream: Stream, plan: ReshardPlan, context: OperationContext): Stream {
  const intent = { kind: "reshard", operationId: context.newId(), dueMs: transitionDueMs(context), ...plan } as const;
  return { ...stream, status: "UPDATING", intent };
}
