import { warmThroughputNotCommitted, warmThroughputTooGreat } from "../../model/stream-errors.ts";
import { openShardCount } from "../../streams/open-shard-count.ts";
import type { Stream } from "../../streams/stream.ts";
import { checkShardRoom } from "../check-shard-room.ts";
import { dueMs } from "../due.ts";
import type { OperationContext } from "../operation-context.ts";
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
    const openCount = openShardCount(stream);
    if (warmThroughputMiBps <= openCount) return settling(next, context);
    checkShardRoom(warmThroughputMiBps - openCount, context);
    const operationId = context.newId();
    const intent = { kind: "resize", operationId, dueMs: dueMs(context), targetCount: warmThroughputMiBps } as const;
    return { ...next, status: "UPDATING", intent };
  };
}
