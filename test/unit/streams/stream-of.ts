import { planCreate } from "../../../src/streams/resharding/reshard-plan.ts";
import type { Shard, Stream } from "../../../src/streams/stream.ts";

export const createdMs = 1_600_000_000_000;

/** An ACTIVE stream with `shardCount` even shards. */
export function streamOf(shardCount: number, changes: Partial<Stream> = {}): Stream {
  const shards = planCreate(shardCount).map(
    (planned): Shard => ({ ...planned, createSecond: createdMs / 1000, placement: { log: planned.index } }),
  );
  return {
    account: "123456789012",
    region: "eu-west-1",
    name: "orders",
    id: "stream-1",
    status: "ACTIVE",
    mode: "PROVISIONED",
    createdMs,
    retentionHours: 24,
    recordKiBMax: 1024,
    tags: {},
    shards,
    nextShardIndex: shardCount,
    ...changes,
  };
}

/** The error that AWS's clients see: type and message. */
export function serviceError(
  type: string,
  message: string | RegExp,
): { readonly type: string; readonly message: string | RegExp } {
  return { type, message };
}
