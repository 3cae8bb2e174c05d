import type { WarmThroughput } from "../../model/shapes.generated.ts";
import type { Stream } from "../../streams/stream.ts";

/** Target as asked for; current follows with the shards, one MiB/s each. */
export function warmThroughputShape({ warmThroughputMiBps = 0, shards }: Stream): WarmThroughput {
  const openCount = shards.filter((shard) => shard.closed === undefined).length;
  return { TargetMiBps: warmThroughputMiBps, CurrentMiBps: Math.min(warmThroughputMiBps, openCount) };
}
