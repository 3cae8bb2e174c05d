import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "../../support/kinesis-connection.ts";
import { LineageReader } from "../../support/lineage-reader.ts";
import { streamName, Writer } from "../../support/load-actors.ts";
import type { NatsServers } from "../../support/nats-servers.ts";
import { RawLogs } from "../../support/raw-logs.ts";
import { type ReadRecord, RecordHistory } from "../../support/record-history.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { listOpenShards, type ShardDescription, settled, splitInMiddle } from "../../support/stream-changer.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { inject, faults as serverFaults } from "./chaos-round.ts";
import { EncryptionChanger } from "./encryption-changer.ts";

/** What is done to servers and gateways while records are written through both gateways and shards are split and merged. */
export const gatewayFaults = [...serverFaults, "kill gateway", "cut gateway", "pause gateway", "full disk"] as const;
export type GatewayFault = (typeof gatewayFaults)[number];

const writerCount = 4;
const readerCount = 2;
/** What a shorter outage holds up is answered as if there were none. */
const heldMsMin = 12_000;
const callsPerTurn = 10;
const shardCount = 4;
const shardCountMax = 10;
const cutMs = 15_000;
const pausedMs = 8_000;
const fullMs = 10_000;
const settledMs = 1_500;
const sampleMs = 20;
const stoppedMs = 1_000;
const stopCheckMs = 250;
const smallDiskBytes = 256 * 1024 * 1024;
/** A short write of it is one that fills the disk; the next one fails. */
const fillerBlock = Buffer.alloc(1024 * 1024);

/** Two gateways as processes, each with a proxy between itself and the servers. */
export class GatewayPair implements AsyncDisposable {
  readonly gateways: readonly ServerProcess[];
  readonly proxies: readonly TcpProxy[];

  private constructor(gateways: readonly ServerProcess[], proxies: readonly TcpProxy[]) {
    this.gateways = gateways;
    this.proxies = proxies;
  }

  static async start(servers: NatsServers): Promise<GatewayPair> {
    const proxies: TcpProxy[] = [];
    const gateways: ServerProcess[] = [];
    for (const index of [0, 1]) {
      // Servers that do not tell of each other, so each proxy leads to all of them.
      const targets = servers.urls.map((url) => ({ host: "127.0.0.1", port: Number(new URL(url).port) }));
      const proxy = await TcpProxy.open([...targets.slice(index), ...targets.slice(0, index)]);
      proxies.push(proxy);
      const env = { ...servers.environment, MILLRACE_NATS: `nats://127.0.0.1:${proxy.port}` };
      const args = ["--engine", "jetstream", "--keyring", join(servers.directory, "keyring")];
      gateways.push(await ServerProcess.start({ args, env }));
    }
    return new GatewayPair(gateways, proxies);
  }

  /** Any of the two, as a balancer would choose. */
  endpoint(random: SeededRandom): string {
    return this.gateways[random.integer(0, this.gateways.length - 1)]?.endpoint ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.gateways) await gateway[Symbol.asyncDispose]();
    for (const proxy of this.proxies) await proxy[Symbol.asyncDispose]();
  }
}

export interface GatewayRoundResult {
  readonly acknowledgedCount: number;
  /** Records of calls that failed, by an error response or a lost connection. */
  readonly failedCount: number;
  /** What writers and readers were told that failed by the servers' fault. */
  readonly failures: readonly string[];
  readonly reshardCount: number;
  /** Starts and stops of encryption, and changes of the key. */
  readonly encryptionCount: number;
  /** The longest time in which no record was acknowledged. */
  readonly gapMs: number;
}

export interface GatewayRound {
  readonly fault: GatewayFault;
  readonly random: SeededRandom;
}

/**
 * One round on a stream of its own: four writers through two gateways, splits, merges and resizes through either, two readers
 * that follow the lineage through both, and one of everything at the end through each; in every second round, by chance, the
 * encryption of the stream changes as well. Throws at the first broken promise: a record lost, changed, there twice, out of
 * order or behind the end of its shard, stored otherwise than an ACTIVE stream was encrypted, or a failure told in a short outage.
 */
export async function gatewayRound(
  servers: NatsServers,
  pair: GatewayPair,
  { fault, random }: GatewayRound,
): Promise<GatewayRoundResult> {
  using stops = new StopDetector();
  await changeStream(pair, "CreateStream", { StreamName: streamName, ShardCount: shardCount }, stops);
  const history = new RecordHistory();
  const state: RoundState = { isOver: false, reshardCount: 0, gapMs: 0 };
  const writers = Array.from({ length: writerCount }, (_, index) => new Writer(index, random.fork(), history));
  const acknowledged = (): number => sumOf(writers.map(({ acknowledgedCount }) => acknowledgedCount));
  const actors = writers.map((writer, index) => writeUntilOver(pair, writer, index, state));
  actors.push(reshardUntilOver(pair, random.fork(), state), measureGap(acknowledged, state));
  await using logs = await RawLogs.open(servers);
  const encryption = new EncryptionChanger(random.fork(), logs);
  if (random.next() < 0.5) actors.push(encryption.changeUntil(() => state.isOver, pair.gateways));
  const readers = Array.from({ length: readerCount }, () => {
    const choice = random.fork();
    return new LineageReader(() => pair.endpoint(choice), history);
  });
  const written = Promise.withResolvers<void>();
  let isWritten = false;
  const following = readers.map((reader) => reader.follow(() => isWritten));
  // What breaks a promise ends the round at once.
  const broken = Promise.all([...actors, ...following]).then(() => written.promise);
  try {
    await Promise.race([broken, faultAmid(servers, pair, fault, random)]);
  } finally {
    state.isOver = true;
    await Promise.allSettled(actors);
    // The last change may make more shards to read.
    await Promise.allSettled(pair.gateways.map(({ endpoint }) => whenActive(endpoint)));
    isWritten = true;
    written.resolve();
  }
  await broken;
  const last = pair.gateways.map(({ endpoint }) => new LineageReader(() => endpoint, history));
  for (const reader of last) await reader.follow(() => true);
  for (const { records } of [...readers, ...last]) history.seeWhole(records);
  assertSame([...readers, ...last].map(({ records }) => records));
  await encryption.judge();
  await changeStream(pair, "DeleteStream", { StreamName: streamName }, stops);
  const { reshardCount, gapMs } = state;
  const failures = [...writers, ...readers, ...last].flatMap((actor) => actor.failures);
  if (!isGatewayApart(fault) && !stops.wasStopped && gapMs < heldMsMin)
    assert.deepEqual(failures, [], `an outage of ${Math.round(gapMs)} ms is not told to clients`);
  const acknowledgedCount = acknowledged();
  const failedCount = sumOf(writers.map(({ sentCount }) => sentCount)) - acknowledgedCount;
  const encryptionCount = encryption.changeCount;
  return { acknowledgedCount, failedCount, failures, reshardCount, encryptionCount, gapMs };
}

/**
 * Notices that this process was stopped, for instance from a terminal, and with it the servers, which are of its process group.
 * The gateways have groups of their own and ran on.
 */
class StopDetector implements Disposable {
  wasStopped = false;
  #ranMs = performance.now();
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - this.#ranMs > stopCheckMs + stoppedMs) this.wasStopped = true;
    this.#ranMs = nowMs;
  }, stopCheckMs);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Whether the clients of one gateway have an outage, and those of the other one do not. */
function isGatewayApart(fault: GatewayFault): boolean {
  return fault === "cut gateway" || fault === "pause gateway";
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

async function writeUntilOver(pair: GatewayPair, writer: Writer, index: number, state: RoundState): Promise<void> {
  for (let turn = index; !state.isOver; turn++) {
    await writer.write(pair.gateways[turn % 2]?.endpoint ?? "", callsPerTurn);
    // A gateway that is gone refuses at once.
    if (!state.isOver) await pause(1);
  }
}

async function faultAmid(servers: NatsServers, pair: GatewayPair, fault: GatewayFault, random: SeededRandom) {
  await pause(500);
  await injectAny(servers, pair, fault, random);
  await pause(1_000);
}

/** A record that one reader got and another one did not lies behind the end of its shard, or was skipped. */
function assertSame(reads: readonly ReadonlyMap<string, readonly ReadRecord[]>[]): void {
  const [first, ...others] = reads.map((shards) => {
    return [...shards].map(([shardId, { length }]) => `${shardId}: ${length} records`).toSorted();
  });
  for (const other of others) assert.deepEqual(other, first, "readers of the same stream got different records");
}

async function whenActive(endpoint: string): Promise<void> {
  const connection = new KinesisConnection(endpoint);
  assert.equal(await settled(connection, streamName), "ACTIVE");
  connection.close();
}

async function changeStream(
  pair: GatewayPair,
  operation: "CreateStream" | "DeleteStream",
  input: object,
  stops: StopDetector,
): Promise<void> {
  // A gateway that was started again has another port.
  const connection = new KinesisConnection(pair.gateways[0]?.endpoint ?? "");
  const wanted = operation === "CreateStream" ? "ACTIVE" : "gone";
  for (let found: string | undefined; found !== wanted; ) {
    try {
      await connection.call(operation, input);
      found = await settled(connection, streamName);
      assert.equal(found, wanted);
    } catch (error) {
      if (!(stops.wasStopped && error instanceof RefusedCall)) throw error;
      found = await settled(connection, streamName).catch(() => undefined);
    }
  }
  connection.close();
}

async function injectAny(servers: NatsServers, pair: GatewayPair, fault: GatewayFault, random: SeededRandom) {
  const index = random.integer(0, 1);
  switch (fault) {
    case "kill gateway": {
      await pair.gateways[index]?.kill("SIGKILL");
      await pause(random.integer(0, 5_000));
      return await pair.gateways[index]?.restart();
    }
    case "cut gateway": {
      pair.proxies[index]?.cut();
      await pause(cutMs);
      pair.proxies[index]?.mend();
      return await pause(settledMs);
    }
    case "pause gateway": {
      const { pid = 0 } = pair.gateways[index] ?? {};
      process.kill(pid, "SIGSTOP");
      await pause(pausedMs);
      process.kill(pid, "SIGCONT");
      return await pause(settledMs);
    }
    case "full disk":
      return await fillDisk(servers, random.integer(0, 2));
    default:
      return await inject(servers, fault, () => random.next());
  }
}

/** One server on a disk of its own that something else fills; root mounts one in memory. Then it has space again. */
async function fillDisk(servers: NatsServers, node: number): Promise<void> {
  const directory = servers.storeDirectory(node);
  await servers.kill(node, "SIGTERM");
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  execFileSync("sh", ["-c", `mount -t tmpfs -o size=${smallDiskBytes} tmpfs '${directory}'`]);
  try {
    await servers.startNode(node);
    await servers.ready();
    const filler = join(directory, "filler");
    fillWith(filler);
    await pause(fullMs);
    rmSync(filler);
  } finally {
    await servers.kill(node);
    execFileSync("sh", ["-c", `umount '${directory}'`]);
    await servers.startNode(node);
    await servers.ready();
  }
}

/** Writes a file until there is no space; the server writes beside it, so how much there is changes meanwhile. */
function fillWith(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (;;) writeSync(handle, fillerBlock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(handle);
  }
}

interface RoundState {
  isOver: boolean;
  reshardCount: number;
  gapMs: number;
}

/** Splits, merges and resizes through either gateway. What fails is tried otherwise; the records tell whether it was whole. */
async function reshardUntilOver(pair: GatewayPair, random: SeededRandom, state: RoundState): Promise<void> {
  while (!state.isOver) {
    const connection = new KinesisConnection(pair.endpoint(random));
    try {
      await pause(random.integer(50, 400));
      if ((await settled(connection, streamName)) === "gone") continue;
      await reshard(connection, await listOpenShards(connection, streamName), random);
      state.reshardCount += 1;
    } catch (error) {
      // A fault is under way, or another change.
      if (!(error instanceof LostCall || error instanceof RefusedCall)) throw error;
    } finally {
      connection.close();
    }
  }
}

async function reshard(
  connection: KinesisConnection,
  open: readonly ShardDescription[],
  random: SeededRandom,
): Promise<void> {
  const index = random.integer(0, open.length - 1);
  const [shard, next] = [open[index], open[index + 1]];
  const StreamName = streamName;
  if (random.next() < 0.2) {
    const TargetShardCount = Math.min(shardCountMax, open.length * 2);
    const target = open.length >= shardCountMax / 2 ? Math.ceil(open.length / 2) : TargetShardCount;
    await connection.call("UpdateShardCount", {
      StreamName,
      TargetShardCount: target,
      ScalingType: "UNIFORM_SCALING",
    });
  } else if (shard !== undefined && next !== undefined && (open.length >= shardCountMax || random.next() < 0.4)) {
    const ShardToMerge = shard.ShardId;
    await connection.call("MergeShards", { StreamName, ShardToMerge, AdjacentShardToMerge: next.ShardId });
  } else if (shard !== undefined) {
    await splitInMiddle(connection, StreamName, shard);
  }
}

async function measureGap(acknowledged: () => number, state: RoundState): Promise<void> {
  let [count, sinceMs] = [acknowledged(), performance.now()];
  for (let sampledMs = sinceMs; !state.isOver; ) {
    await pause(sampleMs);
    const nowMs = performance.now();
    // This process did not run, so neither did the writers.
    if (nowMs - sampledMs > stoppedMs) sinceMs = nowMs;
    sampledMs = nowMs;
    state.gapMs = Math.max(state.gapMs, nowMs - sinceMs);
    if (acknowledged() !== count) [count, sinceMs] = [acknowledged(), nowMs];
  }
}
