import { warmThroughputNotCommitted, warmThroughputTooGreat } from "../../model/stream-errors.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import type { Stream } from "../../streams/stream.ts";
import { beginSettingsChange } from "../begin-transition.ts";
import type { OperationContext } from "../operation-context.ts";
import { beginResize } from "../shards/begin-resize.ts";

/** API reference, UpdateStreamWarmThroughput: 10 GiB/s. One shard takes 1 MiB/s. */
export const warmMiBpsMax = 10_240;

/**
 * How a stream grows to the capacity asked for: it gets the shards that it lacks, and keeps those that it has. Zero takes
 * the request back. Errors: ValidationException unless the account has the throughput commitment.
 */
export async function beginWarmUp(
  warmThroughputMiBps: number,
  context: OperationContext,
): Promise<(stream: Stream) => Stream> {
  const { account, region } = context.caller;
  if (!(await context.accounts.isCommitted(account, region, context.clock.nowMs()))) throw warmThroughputNotCommitted();
  if (warmThroughputMiBps > warmMiBpsMax) throw warmThroughputTooGreat(warmMiBpsMax);
  return (stream) => {
    const { warmThroughputMiBps: _former, ...rest } = stream;
    const next = warmThroughputMiBps === 0 ? rest : { ...rest, warmThroughputMiBps };
    if (warmThroughputMiBps <= openShardCount(stream)) return beginSettingsChange(next, context);
    return beginResize(next, warmThroughputMiBps, context);
  };
}
