import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import { followShard, type ShardPush } from "../../../src/shards/follow-shard.ts";
import type { PushMemory } from "../../../src/shards/push-memory.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { type OpenShardServices, openShardServices } from "./open-shard-services.ts";

const recordBytes = 100_000;

/** A subscription from the start of the shard, with the memory that a test gives it. */
function follow({ services, revision }: OpenShardServices, memory: PushMemory, signal: AbortSignal) {
  const [shard] = revision.stream.shards;
  assert(shard !== undefined);
  return followShard(services, { revision, shard, from: 1n, signal, memory });
}

async function put({ services, revision }: OpenShardServices, count: number): Promise<void> {
  const data = "x".repeat(recordBytes);
  for (let each = 0; each < count; each++)
    await storeRecords(services, revision, incomingRecords([{ key: "k", data }]));
}

/** Enough for everything that waits for nothing but promises. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

async function next(pushes: AsyncGenerator<ShardPush, void>): Promise<ShardPush> {
  const { value } = await pushes.next();
  assert(value !== undefined, "the subscription goes on");
  return value;
}

test("a subscription reads nothing of the log before there is memory for it, and then no more than that", async () => {
  const read: number[] = [];
  const own = (log: ShardLog): Partial<ShardLog> => ({
    async *follow(...args) {
      for await (const batch of log.follow(...args)) {
        read.push(batch.length);
        yield batch;
      }
    },
  });
  const opened = await openShardServices(1, own);
  await put(opened, 30);
  const granted = Promise.withResolvers<number>();
  const held: number[] = [];
  const memory: PushMemory = { admit: () => granted.promise, hold: (bytes) => void held.push(bytes) };
  const over = new AbortController();
  const pushes = follow(opened, memory, over.signal);
  const first = next(pushes);
  await turns();
  assert.deepEqual(read, []);
  granted.resolve(3.25 * 5.5 * recordBytes);
  assert.equal((await first).records.count, 5);
  assert.deepEqual(read, [5]);
  assert((held.at(-1) ?? 0) >= 5 * recordBytes * 3.25, "records as stored and as encoded");
  assert.equal((await next(pushes)).records.count, 5);
  over.abort();
  await pushes.return();
  await opened.close();
});

test("a subscription that waits for memory has heartbeats, which do not say that it is at the tip", async () => {
  const opened = await openShardServices(1);
  await put(opened, 1);
  const over = new AbortController();
  const memory: PushMemory = { admit: () => new Promise(() => undefined), hold: () => undefined };
  const pushes = follow(opened, memory, over.signal);
  const heartbeat = next(pushes);
  await opened.clock.advance(5_000);
  const { records, millisBehindLatest, from } = await heartbeat;
  assert.deepEqual([records.count, from], [0, 1n]);
  assert(millisBehindLatest > 0);
  over.abort();
  await pushes.return();
  await opened.close();
});

test("a subscription that waits for records holds no memory", async () => {
  const opened = await openShardServices(1);
  await put(opened, 3);
  let held = 0;
  const memory: PushMemory = {
    admit: ({ bytesMax }) => {
      held = bytesMax;
      return bytesMax;
    },
    hold: (bytes) => {
      held = bytes;
    },
  };
  const over = new AbortController();
  const pushes = follow(opened, memory, over.signal);
  assert.equal((await next(pushes)).records.count, 3);
  assert(held > 0);
  const heartbeat = next(pushes);
  await turns();
  await opened.clock.advance(5_000);
  assert.equal((await heartbeat).millisBehindLatest, 0);
  assert.equal(held, 0);
  over.abort();
  await pushes.return();
  await opened.close();
});

test("a push waits for no word from other machines on where the shard ends", async () => {
  const asked: string[] = [];
  const opened = await openShardServices(1, (log) => ({
    seek: (ref, target) => {
      asked.push(target.at);
      return log.seek(ref, target);
    },
  }));
  await put(opened, 2);
  const over = new AbortController();
  const memory: PushMemory = { admit: () => 1024 * 1024, hold: () => undefined };
  const pushes = follow(opened, memory, over.signal);
  assert.equal((await next(pushes)).millisBehindLatest, 0);
  assert.deepEqual(new Set(asked), new Set(["known"]));
  over.abort();
  await pushes.return();
  await opened.close();
});
