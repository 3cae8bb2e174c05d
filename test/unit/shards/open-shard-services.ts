import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import type { ShardServices } from "../../../src/shards/shard-services.ts";
import { applyReshard } from "../../../src/streams/resharding/apply-reshard.ts";
import { planSplit } from "../../../src/streams/resharding/reshard-plan.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { logWith } from "../../support/log-with.ts";
import { shardServicesOn } from "../../support/shard-services-on.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";

export interface OpenShardServices {
  readonly services: ShardServices;
  readonly clock: SimulatedClock;
  readonly engine: MemoryEngine;
  readonly revision: StreamRevision;
  close(): Promise<void>;
}

/** Services with one ACTIVE stream, whose logs exist. */
export async function openShardServices(
  shardCount: number,
  own: (log: ShardLog) => Partial<ShardLog> = () => ({}),
): Promise<OpenShardServices> {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 27 });
  await engine.open();
  const log = logWith(engine.log, own(engine.log));
  const services = shardServicesOn({ log, documents: engine.documents }, clock);
  const { registry } = services;
  await registry.open();
  const revision = await registry.create(streamOf(shardCount));
  for (const { index } of revision.stream.shards)
    await engine.log.createShard(revision.stream.id, index, { openShardCount: 1 });
  const close = async (): Promise<void> => {
    await registry.close();
    await engine.close();
  };
  return { services, clock, engine, revision, close };
}

/** The document after shard 0 was split in the middle, its children's logs made and its own sealed. */
export async function splitFirst({ engine, clock }: OpenShardServices, revision: StreamRevision): Promise<Stream> {
  const [first] = revision.stream.shards;
  if (first === undefined) throw new Error("there is a shard to split");
  const newStartingHashKey = (first.startingHashKey + first.endingHashKey) / 2n;
  const plan = planSplit({ ...revision.stream, status: "ACTIVE" }, { shardIndex: first.index, newStartingHashKey });
  for (const { index } of plan.opening) await engine.log.createShard(revision.stream.id, index, { openShardCount: 1 });
  const { end } = await engine.log.seal(revision.ref(first), "split");
  const second = Math.floor(clock.nowMs() / 1000);
  return applyReshard(revision.stream, [plan], { second, closedMs: clock.nowMs(), ends: [end], placements: [{}, {}] });
}
