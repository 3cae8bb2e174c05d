import type { StreamRegistry } from "../../src/registry/stream-registry.ts";
import type { StreamRevision } from "../../src/registry/stream-revision.ts";
import { planCreate } from "../../src/streams/resharding/reshard-plan.ts";
import type { Shard, Stream } from "../../src/streams/stream.ts";

export const account = "000000000000";
const region = "us-east-1";
const name = "orders";
export const streamId = "stream";

/** The stream of a session, once it was made. */
export function findSessionStream(registry: StreamRegistry): StreamRevision | undefined {
  return registry.find(account, region, name);
}

/** The stream of a session, ACTIVE and on demand, with the placements of its shards. */
export function sessionStreamOf(placements: readonly Shard["placement"][], nowMs: number): Stream {
  return {
    ...{ account, region, name, id: streamId },
    status: "ACTIVE",
    mode: "ON_DEMAND",
    createdMs: nowMs,
    retentionHours: 24,
    recordKiBMax: 1024,
    tags: {},
    shards: planCreate(placements.length).map((planned): Shard => {
      return { ...planned, createSecond: Math.floor(nowMs / 1000), placement: placements[planned.index] ?? {} };
    }),
    nextShardIndex: placements.length,
  };
}
