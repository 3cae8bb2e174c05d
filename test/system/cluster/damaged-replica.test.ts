import assert from "node:assert/strict";
import { closeSync, globSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { ClusterReader } from "../../../src/engine/jetstream/cluster-reader.ts";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";

const shardCount = 4;
const messagesPerShard = 500;
const bodyBytes = 8_192;
/** Reads of everything until the damaged replica answers. */
const roundsMax = 200;

/** Flips a bit at each quarter of a file. */
function flipBits(path: string): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  for (const quarter of [1, 2, 3]) {
    const at = Math.floor((statSync(path).size * quarter) / 4);
    readSync(file, byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 1;
    writeSync(file, byte, 0, 1, at);
  }
  closeSync(file);
}

interface Damage {
  readonly title: string;
  readonly damage: (path: string) => void;
}

const isLong = process.env["MILLRACE_NATS_NODES"] === "3";
const longDamages: readonly Damage[] = isLong
  ? [{ title: "half of a file cut off", damage: (path) => truncateSync(path, statSync(path).size >> 1) }]
  : [];

const damages: readonly Damage[] = [
  { title: "flipped bits", damage: flipBits },
  // Takes as long again, so `npm run test:cluster` has it.
  ...longDamages,
];

async function open(servers: NatsServers, urls: readonly string[]): Promise<JetStreamEngine> {
  const engine = new JetStreamEngine({
    address: { urls },
    prefix: "damage",
    nowMs: Date.now,
    monitorUrls: servers.monitorUrls,
    assumesFsync: false,
    allowsDegraded: false,
  });
  await engine.open();
  return engine;
}

async function readBodies({ log }: JetStreamEngine, shard: ShardRef): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (let next = 1n; ; ) {
    const page = await log.read(shard, next, { entriesMax: 17, bytesMax: 1024 * 1024 });
    if (page.entries.length === 0) return bodies;
    bodies.push(...page.entries.map(({ body }) => Buffer.from(body).toString()));
    next = page.next;
  }
}

for (const { title, damage } of damages) {
  test(`a replica with ${title} skips messages, and no reader does; health tells of it`, async (t) => {
    if (!hasNatsServer(t)) return;
    await using servers = await NatsServers.start({ nodeCount: 3 });
    const writer = await open(servers, servers.urls);
    const sent: string[][] = [];
    const shards: ShardRef[] = [];
    for (let index = 0; index < shardCount; index++) {
      const shard = await writer.log.createShard("stream", index, { openShardCount: shardCount });
      shards.push(shard);
      sent.push([]);
    }
    for (let number = 0; number < messagesPerShard; number++) {
      const entries = shards.map((shard, index) => {
        const text = `${index}.${number}`.padEnd(bodyBytes, "x");
        sent[index]?.push(text);
        return { shard, entry: { count: 1, timeMs: 1, body: Buffer.from(text) } };
      });
      await writer.log.append(entries);
    }
    await writer.close();
    const victim = ((await servers.leaderOf(".log.")) + 1) % 3;
    await servers.kill(victim, "SIGTERM");
    const files = globSync(join(servers.storeDirectory(victim), "**/damage_stream_0/msgs/*.blk")).sort();
    assert(files.length > 1, "the victim has several message files");
    // The server itself repairs the newest one from its Raft log.
    for (const file of files.slice(0, -1)) damage(file);
    await servers.startNode(victim);
    await servers.ready();

    // A server that has a replica answers reads itself, so these are the victim's once it takes part again.
    const reader = await open(servers, [servers.urls[victim] ?? ""]);
    const skippedCount = async () => (await reader.health()).figures["jetstream_skipped_messages"] ?? 0;
    for (let round = 0; round < roundsMax && (await skippedCount()) === 0; round++) {
      for (const [index, shard] of shards.entries()) {
        assert(isDeepStrictEqual(await readBodies(reader, shard), sent[index]), `shard ${index} is read whole`);
      }
    }
    assert((await skippedCount()) > 0, "the damaged replica has skipped messages");
    assert.match((await reader.health()).degraded.join("\n"), /one disk is damaged/);
    await reader.close();

    const address = { urls: servers.urls };
    const view = await ClusterReader.open({ address, prefix: "damage", monitorUrls: servers.monitorUrls });
    t.after(() => view.close());
    const [group] = await view.logGroups();
    assert(group !== undefined);
    const { messageCount, faults, lost } = await view.scrub(group);
    assert.deepEqual([messageCount, lost], [shardCount * messagesPerShard, []]);
    assert.deepEqual([...new Set(faults.map(({ server }) => server))], [`n${victim}`], "the scrub names the server");
    await heal(servers, victim);
    assert.deepEqual((await view.scrub(group)).faults, [], "the runbook has healed it");
  });
}

/** The runbook of docs/cluster.md: the victim is stopped, its files are removed, and the others send it everything again. */
async function heal(servers: NatsServers, victim: number): Promise<void> {
  await servers.kill(victim, "SIGTERM");
  rmSync(servers.storeDirectory(victim), { recursive: true });
  await servers.startNode(victim);
  await servers.ready();
}
