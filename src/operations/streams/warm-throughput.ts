import { shardLimitExceeded, warmThroughputNotCommitted, warmThroughputTooGreat } from "../../model/stream-errors.ts";
import type { Stream } from "../../streams/stream.ts";
import { dueMs } from "../due.ts";
import type { OperationContext } from "../operation-context.ts";
import { serverShardQuota } from "../server-shards.ts";
import { settling } from "../settle.ts";

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
    const openCount = stream.shards.filter((shard) => shard.closed === undefined).length;
    if (warmThroughputMiBps <= openCount) return settling(next, context);
    const quota = serverShardQuota(context);
    const additional = warmThroughputMiBps - openCount;
    if (quota.openCount + additional > quota.openCountMax) {
      throw shardLimitExceeded(stream, { current: quota.openCount, limit: quota.openCountMax, additional });
    }
    const operationId = context.newId();
    const intent = { kind: "resize", operationId, dueMs: dueMs(context), targetCount: warmThroughputMiBps } as const;
    return { ...next, status: "UPDATING", intent };
  };
}
