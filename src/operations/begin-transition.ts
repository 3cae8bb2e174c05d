import type { Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";
import { transitionDueMs } from "./transition-due.ts";

/** A change of settings: it holds from now on, and the stream is UPDATING until the change has reached the engine. */
export function beginSettingsChange(stream: Stream, context: OperationContext): Stream {
  return {
    ...stream,
    status: "UPDATING",
    intent: { kind: "settle", operationId: context.newId(), dueMs: transitionDueMs(context) },
  };
}
