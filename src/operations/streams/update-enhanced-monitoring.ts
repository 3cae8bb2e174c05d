import { streamArn } from "../../streams/arn.ts";
import type { ShardLevelMetric } from "../../streams/stream.ts";
import type { StreamRefMembers } from "../../streams/stream-ref.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Changes the enabled shard-level metrics; returns those before and after. */
export async function updateEnhancedMonitoring(
  input: StreamRefMembers,
  context: OperationContext,
  next: (enabled: readonly ShardLevelMetric[]) => readonly ShardLevelMetric[],
) {
  let before: readonly ShardLevelMetric[] = [];
  const { stream } = await updateStreamDocument(context, () => {
    const revision = requireStreamInState(["ACTIVE"], input, context);
    const { shardLevelMetrics = [], ...rest } = revision.stream;
    before = shardLevelMetrics;
    const after = next(before);
    return [revision, withSettingsIntent(after.length === 0 ? rest : { ...rest, shardLevelMetrics: after }, context)];
  });
  return {
    StreamName: stream.name,
    StreamARN: streamArn(stream),
    CurrentShardLevelMetrics: before,
    DesiredShardLevelMetrics: stream.shardLevelMetrics ?? [],
  };
}
