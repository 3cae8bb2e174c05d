import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { maxOpenShardCount, planResize } from "../../streams/resharding/resize-plan.ts";
import type { Stream } from "../../streams/stream.ts";
import { checkShardQuota } from "../check-shard-quota.ts";
import type { OperationContext } from "../operation-context.ts";
import { transitionDueMs } from "../transition-due.ts";

/**
 * The stream with a resize as its intent: UPDATING until upkeep has carried it out. The short-lived shards between the
 * present ones and the target count towards the limits too (API reference, UpdateShardCount).
 *
 * Errors: LimitExceededException.
 */
export function beginResize(stream: Stream, targetCount: number, context: OperationContext): Stream {
  const openCount = openShardCount(stream);
  // Before the plan, which takes time by the number of its shards: no target may be planned that cannot be had.
  const more = Math.max(0, targetCount - openCount);
  checkShardQuota({ open: more, made: more }, context);
  const open = stream.shards.filter((shard) => shard.closed === undefined);
  const steps = planResize(open, stream.nextShardIndex, targetCount);
  const made = steps.reduce((count, { opening }) => count + opening.length, 0);
  checkShardQuota({ open: maxOpenShardCount(openCount, steps) - openCount, made }, context);
  const intent = {
    kind: "resize",
    operationId: context.newId(),
    dueMs: transitionDueMs(context),
    targetCount,
  } as const;
  return { ...stream, status: "UPDATING", intent };
}
