import type { WarmThroughput } from "../../model/shapes.generated.ts";
import { warmThroughputNotCommitted, warmThroughputTooGreat } from "../../model/stream-errors.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import type { Stream } from "../../streams/stream.ts";
import { withResizeIntent, withSettingsIntent } from "../begin-transition.ts";
import type { OperationContext } from "../operation-context.ts";

/** API reference, UpdateStreamWarmThroughput: 10 GiB/s. One shard takes 1 MiB/s. */
export const warmMiBpsMax = 10_240;

/**
 * Returns the change of a stream to the requested capacity. It gets the shards that it lacks. A request for no more than it
 * has releases what its traffic from now on does not need: scaling merges those shards later. Zero withdraws the request.
 * Errors: ValidationException unless the account has the throughput commitment.
 */
export async function warmThroughputChange(
  warmThroughputMiBps: number,
  context: OperationContext,
): Promise<(stream: Stream) => Stream> {
  const { account, region } = context.caller;
  if (!(await context.accounts.isCommitted(account, region, context.clock.nowMs()))) throw warmThroughputNotCommitted();
  if (warmThroughputMiBps > warmMiBpsMax) throw warmThroughputTooGreat(warmMiBpsMax);
  return (stream) => {
    const { warmThroughputMiBps: _former, ...rest } = stream;
    const next = warmThroughputMiBps === 0 ? rest : { ...rest, warmThroughputMiBps };
    if (warmThroughputMiBps > openShardCount(stream)) return withResizeIntent(next, warmThroughputMiBps, context);
    const released = { peaks: [], releasedMs: context.clock.nowMs() };
    return withSettingsIntent({ ...next, scaling: released }, context);
  };
}

/** The target as requested; the current value is one MiB/s for each open shard, up to the target. */
export function warmThroughputOutput(stream: Stream): WarmThroughput {
  const { warmThroughputMiBps = 0 } = stream;
  return { TargetMiBps: warmThroughputMiBps, CurrentMiBps: Math.min(warmThroughputMiBps, openShardCount(stream)) };
}
