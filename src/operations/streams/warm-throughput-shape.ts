import type { WarmThroughput } from "../../model/shapes.generated.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import type { Stream } from "../../streams/stream.ts";

/** Target as asked for; current follows with the shards, one MiB/s each. */
export function warmThroughputShape(stream: Stream): WarmThroughput {
  const { warmThroughputMiBps = 0 } = stream;
  return { TargetMiBps: warmThroughputMiBps, CurrentMiBps: Math.min(warmThroughputMiBps, openShardCount(stream)) };
}
