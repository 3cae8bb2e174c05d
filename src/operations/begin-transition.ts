import { openShardCount } from "../streams/resharding/open-shard-count.ts";
import type { ReshardPlan } from "../streams/resharding/reshard-plan.ts";
import { maxOpenShardCount, planResize } from "../streams/resharding/resize-plan.ts";
import type { Stream } from "../streams/stream.ts";
import { checkShardQuota } from "./check-shard-quota.ts";
import type { OperationContext } from "./operation-context.ts";

/** Within this time all gateways know of a change. */
const knownEverywhereMs = 1_000;

/*
 * Each begin… function returns the stream in UPDATING, with an intent that the reconciler carries out.
 */

/**
 * When the work of an intent may begin, ms since the epoch. Without a transition delay that is 0, at any time, so that a
 * clock that is set back delays nothing.
 */
export function transitionDueMs({ clock, transitionDelayMs }: OperationContext): number {
  return transitionDelayMs === 0 ? 0 : clock.nowMs() + transitionDelayMs;
}

/**
 * For a stream with changed settings: they apply at once, and the stream is UPDATING until the engine has them too, and all
 * gateways: a client that was told that its stream is encrypted may put its next record through any of them. `fences`:
 * whether the settings epoch of the stream is a new one.
 */
export function withSettingsIntent(stream: Stream, context: OperationContext, fences = false): Stream {
  const knownMs = context.registry.isShared ? context.clock.nowMs() + knownEverywhereMs : 0;
  const dueMs = Math.max(transitionDueMs(context), knownMs);
  const intent = { kind: "settle", operationId: context.newId(), dueMs, ...(fences ? { fences } : {}) } as const;
  return { ...stream, status: "UPDATING", intent };
}

/** For one split or merge. The parents stay open until it is carried out. */
export function withReshardIntent(stream: Stream, plan: ReshardPlan, context: OperationContext): Stream {
  const intent = { kind: "reshard", operationId: context.newId(), dueMs: transitionDueMs(context), ...plan } as const;
  return { ...stream, status: "UPDATING", intent };
}

/**
 * For splits and merges up to `targetCount` equal open shards. The shards that exist between two steps count towards the
 * quotas too (API reference, UpdateShardCount).
 *
 * Errors: LimitExceededException.
 */
export function withResizeIntent(stream: Stream, targetCount: number, context: OperationContext): Stream {
  const openCount = openShardCount(stream);
  // Checked before planning as well: the time to plan grows with the number of shards.
  const more = Math.max(0, targetCount - openCount);
  checkShardQuota({ open: more, created: more }, context);
  const open = stream.shards.filter((shard) => shard.closed === undefined);
  const steps = planResize(open, stream.nextShardIndex, targetCount);
  const created = steps.reduce((count, { opening }) => count + opening.length, 0);
  checkShardQuota({ open: maxOpenShardCount(openCount, steps) - openCount, created }, context);
  const operationId = context.newId();
  const intent = { kind: "resize", operationId, dueMs: transitionDueMs(context), targetCount } as const;
  return { ...stream, status: "UPDATING", intent };
}
