import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../../../src/engine/engine.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import type { ShardRef, StoredEntry } from "../../../src/engine/shard-log.ts";
import { AppendHistory } from "../../support/append-history.ts";
import type { NatsServers } from "../../support/nats-servers.ts";

/** What is done to the servers while writers write and the parent is sealed. */
export const faults = ["none", "kill leader", "kill any", "kill all", "pause leader", "roll"] as const;
export type Fault = (typeof faults)[number];

const nodeCount = 3;
const writerCount = 4;
const restartMs = 1_500;
const pausedMs = 11_000;
const everything = { entriesMax: 500, bytesMax: 8 * 1024 * 1024 };

export interface ChaosResult {
  readonly faults: readonly string[];
  readonly storedCount: number;
  /** Entries whose writers were told that they failed. */
  readonly failedCount: number;
  /** The longest time without an acknowledgement. */
  readonly gapMs: number;
}

export async function openGateway(servers: NatsServers, prefix: string): Promise<JetStreamEngine> {
  const engine = new JetStreamEngine({
    address: { urls: servers.urls },
    prefix,
    nowMs: Date.now,
    monitorUrls: servers.monitorUrls,
    assumesFsync: false,
    allowsDegraded: false,
  });
  await engine.open();
  return engine;
}

/**
 * One round: four writers through two gateways write to a parent; a fault comes, and near it the parent is sealed; the
 * writers go on with the child until the servers are whole again. Then both gateways read both logs.
 */
export async function chaosRound(
  servers: NatsServers,
  gateways: readonly Engine[],
  { fault, streamId, random }: { readonly fault: Fault; readonly streamId: string; readonly random: () => number },
): Promise<ChaosResult> {
  const history = new AppendHistory();
  const [first] = gateways as readonly [Engine];
  const parent = await first.log.createShard(streamId, 0, { openShardCount: 1 });
  const child = await first.log.createShard(streamId, 1, { openShardCount: 1 });
  const state: WriterState = {
    history,
    shards: [parent, child],
    isOver: false,
    lastAckMs: performance.now(),
    gapMs: 0,
    failedCount: 0,
  };
  const writers = Array.from({ length: writerCount }, (_, writer) =>
    write(gateways[writer % gateways.length] as Engine, writer, state),
  );
  const followed = follow(gateways.at(-1) as Engine, parent);
  await pause(200);
  const injected = inject(servers, fault, random);
  await pause(random() * 40);
  const sealed = sealUntilDone(first, parent);
  history.sealed("0", await sealed);
  await injected;
  await pause(300);
  state.isOver = true;
  await Promise.all(writers);
  const found: string[] = [];
  for (const gateway of gateways) {
    const logs = new Map([
      ["0", await readAll(gateway, parent)],
      ["1", await readAll(gateway, child)],
    ]);
    found.push(...history.faultsOf(logs));
    if (!isSame(await followed, logs.get("0") ?? []))
      found.push("a follower of the parent saw something else than a reader");
  }
  await first.log.dropStream(streamId, [parent, child]);
  return { faults: found, storedCount: history.storedCount, failedCount: state.failedCount, gapMs: state.gapMs };
}

interface WriterState {
  readonly history: AppendHistory;
  readonly shards: readonly ShardRef[];
  isOver: boolean;
  lastAckMs: number;
  gapMs: number;
  failedCount: number;
}

async function write(engine: Engine, writer: number, state: WriterState): Promise<void> {
  let shard = 0;
  for (let number = 0; !state.isOver || number === 0; ) {
    const ref = state.shards[shard] as ShardRef;
    const entry = { count: 1 + (number % 3), timeMs: Date.now(), body: AppendHistory.bodyOf(writer, number) };
    try {
      const [outcome] = await engine.log.append([{ shard: ref, entry }]);
      if (outcome?.kind === "fenced") {
        state.history.tell(writer, number, { kind: "refused", shard: String(shard) });
        shard += 1;
        continue;
      }
      if (outcome !== undefined) {
        state.history.tell(writer, number, { kind: "stored", shard: String(shard), position: outcome.position });
      }
      const nowMs = performance.now();
      state.gapMs = Math.max(state.gapMs, nowMs - state.lastAckMs);
      state.lastAckMs = nowMs;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      state.failedCount += 1;
      if (error.kind === "unavailable") state.history.tell(writer, number, { kind: "refused", shard: String(shard) });
    }
    number += 1;
  }
}

async function sealUntilDone({ log }: Engine, shard: ShardRef): Promise<bigint> {
  for (;;) {
    try {
      return (await log.seal(shard, "chaos")).end;
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === "unavailable")) throw error;
    }
  }
}

export async function inject(servers: NatsServers, fault: Fault, random: () => number): Promise<void> {
  const restart = async (nodes: readonly number[]): Promise<void> => {
    await pause(restartMs);
    await Promise.all(nodes.map((node) => servers.startNode(node)));
    await servers.ready();
  };
  const all = Array.from({ length: nodeCount }, (_, node) => node);
  switch (fault) {
    case "none":
      return;
    case "kill leader":
    case "kill any": {
      const node = fault === "kill any" ? Math.floor(random() * nodeCount) : await servers.leaderOf(".log.");
      await servers.kill(node);
      return await restart([node]);
    }
    case "kill all":
      await Promise.all(all.map((node) => servers.kill(node)));
      return await restart(all);
    case "pause leader": {
      const node = await servers.leaderOf(".log.");
      servers.signal(node, "SIGSTOP");
      await pause(pausedMs);
      servers.signal(node, "SIGCONT");
      return await servers.ready();
    }
    case "roll":
      for (const node of all) {
        await servers.kill(node, "SIGTERM");
        await restart([node]);
      }
  }
}

async function readAll({ log }: Engine, shard: ShardRef): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  // Readers through one gateway may see a moment later what another one acknowledged.
  const tip = await log.seek(shard, { at: "newest" });
  for (let next = 1n; next < tip; ) {
    const page = await log.read(shard, next, everything);
    entries.push(...page.entries);
    if (page.entries.length === 0 && page.next <= next) await pause(10);
    next = page.next;
    const last = page.entries.at(-1);
    if (last !== undefined && last.position + BigInt(last.count) >= tip) break;
  }
  return entries;
}

async function follow({ log }: Engine, shard: ShardRef): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  const { signal } = new AbortController();
  for await (const batch of log.follow(shard, 1n, { signal, bufferedBytesMax: 1024 * 1024 })) entries.push(...batch);
  return entries;
}

function isSame(left: readonly StoredEntry[], right: readonly StoredEntry[]): boolean {
  return (
    left.length === right.length &&
    left.every((entry, index) => {
      const other = right[index];
      return other !== undefined && entry.position === other.position && Buffer.compare(entry.body, other.body) === 0;
    })
  );
}
