import { openShardCount } from "../resharding/open-shard-count.ts";
import type { ReshardPlan } from "../resharding/reshard-plan.ts";
import type { Stream, StreamScaling } from "../stream.ts";
import { isWorthStoring, keptDays } from "./peak-history.ts";
import { isReleaseOver, onDemandShardCountMin, planScaling, type ScalingInput } from "./plan-scaling.ts";

const dayMs = 24 * 3600 * 1000;

/** What is to be written into the document of an on-demand stream. */
export interface ScalingStep {
  readonly scaling: StreamScaling;
  /** Absent when only what scaling remembers has changed. */
  readonly plan?: ReshardPlan;
}

/** The next step of an on-demand stream that is ACTIVE; undefined when nothing is to be written. */
export function scaleStream(input: ScalingInput): ScalingStep | undefined {
  const { stream, peaks, nowMs } = input;
  const stored = stream.scaling ?? firstScaling(stream, nowMs);
  const known = { ...stream, ...(stored === undefined ? {} : { scaling: stored }) };
  const plan = planScaling({ ...input, stream: known });
  if (plan !== undefined) return { scaling: { ...stored, peaks, changedMs: nowMs }, plan };
  if (isReleaseOver(input)) {
    const { releasedMs: _done, ...rest } = stored ?? {};
    return { scaling: { ...rest, peaks } };
  }
  const isNew = stored !== stream.scaling || isWorthStoring(stream.scaling?.peaks ?? [], peaks, nowMs);
  return isNew ? { scaling: { ...stored, peaks } } : undefined;
}

/** A stream that was provisioned keeps its shards (Developer Guide) for as long as a peak of today would keep them. */
function firstScaling(stream: Stream, nowMs: number): StreamScaling | undefined {
  const countMin = Math.max(onDemandShardCountMin, stream.warmThroughputMiBps ?? 0);
  return openShardCount(stream) <= countMin ? undefined : { peaks: [], keptUntilMs: nowMs + keptDays * dayMs };
}
