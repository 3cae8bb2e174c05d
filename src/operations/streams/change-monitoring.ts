import { streamArn } from "../../streams/arn.ts";
import type { ShardLevelMetric } from "../../streams/stream.ts";
import type { StreamRefMembers } from "../../streams/stream-ref.ts";
import { changeStream } from "../change-stream.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";

/** Sets the shard-level metrics; the answer tells what was on before and what is on now. */
export async function changeMonitoring(
  input: StreamRefMembers,
  context: OperationContext,
  next: (on: readonly ShardLevelMetric[]) => readonly ShardLevelMetric[],
) {
  let before: readonly ShardLevelMetric[] = [];
  const { stream } = await changeStream(context, () => {
    const live = requireStreamIn(["ACTIVE"], input, context);
    const { shardLevelMetrics = [], ...rest } = live.stream;
    before = shardLevelMetrics;
    const after = next(before);
    return [live, withSettingsIntent(after.length === 0 ? rest : { ...rest, shardLevelMetrics: after }, context)];
  });
  return {
    StreamName: stream.name,
    StreamARN: streamArn(stream),
    CurrentShardLevelMetrics: before,
    DesiredShardLevelMetrics: stream.shardLevelMetrics ?? [],
  };
}
