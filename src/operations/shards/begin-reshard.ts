import type { ReshardPlan } from "../../streams/reshard-plan.ts";
import type { Stream } from "../../streams/stream.ts";
import { dueMs } from "../due.ts";
import type { OperationContext } from "../operation-context.ts";

/** The stream with the plan as its intent: UPDATING, parents still open, until upkeep has carried it out. */
export function beginReshard(stream: Stream, plan: ReshardPlan, context: OperationContext): Stream {
  const intent = { kind: "reshard", operationId: context.newId(), dueMs: dueMs(context), ...plan } as const;
  return { ...stream, status: "UPDATING", intent };
}
