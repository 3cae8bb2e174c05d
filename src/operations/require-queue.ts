import { queueNotFound } from "../model/queue-errors.ts";
import type { FoundQueue } from "../registry/stream-registry.ts";
import { parseQueueArn } from "../streams/arn.ts";
import { isVisibleToCaller } from "./is-visible-to-caller.ts";
import type { OperationContext } from "./operation-context.ts";

/** The queue of an ARN in any state, and its stream. Errors: ResourceNotFoundException. */
export function requireQueue(arn: string, { registry, caller }: OperationContext): FoundQueue {
  const address = parseQueueArn(arn);
  const found =
    address === undefined || !isVisibleToCaller(address, caller)
      ? undefined
      : registry.findQueue(address.account, address.region, address.queueId);
  if (found === undefined) throw queueNotFound(arn);
  return found;
}

/**
 * As `requireQueue`, for its records. A CREATING or DELETING queue is not found: the data plane declares no
 * ResourceInUseException (docs/compatibility.md, Queues).
 */
export function requireServingQueue(arn: string, context: OperationContext): FoundQueue {
  const found = requireQueue(arn, context);
  const { status } = found.queue;
  if (status === "CREATING" || status === "DELETING") throw queueNotFound(arn);
  return found;
}
