import assert from "node:assert/strict";
import { test } from "node:test";
import { type Page, pageBytesIn, pageMemoryBytesMax, readPage } from "../../../src/shards/read-page.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import type { Shard } from "../../../src/streams/stream.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { type OpenShardServices, openShardServices, splitFirst } from "./open-shard-services.ts";

const hourMs = 3_600_000;
const pageBytesMax = 10 * 1024 * 1024;

async function put({ services, revision }: OpenShardServices, ...data: readonly string[]): Promise<void> {
  await storeRecords(services, revision, incomingRecords(data.map((text) => ({ key: "k", data: text }))));
}

function read(
  { services, revision }: OpenShardServices,
  from: bigint,
  recordsMax = 10_000,
  memoryBytes?: number,
): Promise<Page> {
  return readPage(services, revision, onlyShard(revision.stream.shards), from, {
    recordsMax,
    bytesMax: pageBytesIn(memoryBytes),
  });
}

function onlyShard([shard]: readonly Shard[]): Shard {
  assert(shard !== undefined);
  return shard;
}

function seen({ records, next, atEnd, millisBehindLatest }: Page) {
  return { count: records.count, next, atEnd, millisBehindLatest };
}

test("an empty shard gives an empty page at its tip", async () => {
  const opened = await openShardServices(1);
  assert.deepEqual(seen(await read(opened, 1n)), { count: 0, next: 1n, atEnd: false, millisBehindLatest: 0 });
  await opened.close();
});

test("a page holds exactly as many records as allowed, cut within an entry, and says how far behind it is", async () => {
  const opened = await openShardServices(1);
  await put(opened, "1", "2", "3");
  await opened.clock.advance(700);
  await put(opened, "4", "5");
  await opened.clock.advance(50);
  assert.deepEqual(seen(await read(opened, 1n, 2)), { count: 2, next: 3n, atEnd: false, millisBehindLatest: 750 });
  assert.deepEqual(seen(await read(opened, 3n, 2)), { count: 2, next: 5n, atEnd: false, millisBehindLatest: 50 });
  assert.deepEqual(seen(await read(opened, 5n, 2)), { count: 1, next: 6n, atEnd: false, millisBehindLatest: 0 });
  assert.deepEqual(seen(await read(opened, 6n, 2)), { count: 0, next: 6n, atEnd: false, millisBehindLatest: 0 });
  assert.deepEqual(seen(await read(opened, 1n, 5)), { count: 5, next: 6n, atEnd: false, millisBehindLatest: 0 });
  await opened.close();
});

test("a page never says that it is behind by less than nothing, though the clock was set back", async () => {
  const opened = await openShardServices(1);
  await put(opened, "1", "2");
  opened.clock.set(opened.clock.nowMs() - hourMs);
  assert.equal((await read(opened, 1n, 1)).millisBehindLatest, 0);
  await opened.close();
});

test("a page holds 10 MiB of data, not a byte more, and always one record", async () => {
  const opened = await openShardServices(1);
  await put(opened, "x".repeat(pageBytesMax - 1_000), "y".repeat(1_000), "z");
  const first = await read(opened, 1n);
  assert.deepEqual([first.records.count, first.next], [2, 3n]);
  await put(opened, "w".repeat(pageBytesMax + 1));
  assert.deepEqual(seen(await read(opened, 4n)), { count: 1, next: 5n, atEnd: false, millisBehindLatest: 0 });
  await opened.close();
});

test("a page in little memory is smaller, holds one record at least, and the next one goes on behind it", async () => {
  const opened = await openShardServices(1);
  await put(opened, ...Array<string>(8).fill("x".repeat(1_000)));
  const few = await read(opened, 1n, 10_000, 10_000);
  assert.deepEqual([few.records.count, few.next], [3, 4n]);
  const one = await read(opened, few.next, 10_000, 1);
  assert.deepEqual([one.records.count, one.next], [1, 5n]);
  assert.equal((await read(opened, one.next, 10_000, pageMemoryBytesMax)).records.count, 4);
  await opened.close();
});

test("an expired beginning is skipped, to the millisecond", async () => {
  const opened = await openShardServices(1);
  await put(opened, "old", "old");
  await opened.clock.advance(13 * hourMs);
  await put(opened, "young");
  await opened.clock.advance(11 * hourMs);
  assert.equal((await read(opened, 1n)).records.count, 3);
  await opened.clock.advance(1);
  assert.deepEqual(seen(await read(opened, 2n)), { count: 1, next: 4n, atEnd: false, millisBehindLatest: 0 });
  await opened.clock.advance(13 * hourMs);
  assert.deepEqual(seen(await read(opened, 1n)), { count: 0, next: 4n, atEnd: false, millisBehindLatest: 0 });
  await opened.close();
});

test("a closed shard ends where nothing of it is left to read, expired or not", async () => {
  const opened = await openShardServices(1);
  await put(opened, "1", "2");
  const revision = await opened.services.registry.replace(opened.revision, await splitFirst(opened, opened.revision));
  const closed = { ...opened, revision };
  assert.equal((await read(closed, 1n, 1)).atEnd, false);
  assert.deepEqual(seen(await read(closed, 2n)), { count: 1, next: 3n, atEnd: true, millisBehindLatest: 0 });
  assert.equal((await read(closed, 3n)).atEnd, true);
  await opened.clock.advance(25 * hourMs);
  assert.deepEqual(seen(await read(closed, 1n)), { count: 0, next: 3n, atEnd: true, millisBehindLatest: 0 });
  await opened.close();
});

test("memory of a read must come back when an entry of it cannot be decoded, and when its start has expired", async () => {
  const leases = { taken: 0, disposed: 0 };
  let isDamaged = false;
  const opened = await openShardServices(1, (log) => ({
    read: async (...args) => {
      const { entries, ...rest } = await log.read(...args);
      leases.taken += 1;
      const lease = {
        [Symbol.dispose]: () => {
          leases.disposed += 1;
        },
      };
      // A body of version 2 with an invalid header.
      return {
        ...rest,
        entries: isDamaged ? entries.map((entry) => ({ ...entry, body: Buffer.of(2) })) : entries,
        lease,
      };
    },
  }));
  await put(opened, "old");
  await opened.clock.advance(13 * hourMs);
  await put(opened, "young");
  const page = await read(opened, 1n);
  assert.deepEqual(leases, { taken: 1, disposed: 0 });
  page.records.lease?.[Symbol.dispose]();
  await opened.clock.advance(12 * hourMs);
  const later = await read(opened, 1n);
  assert.deepEqual(leases, { taken: 3, disposed: 2 });
  later.records.lease?.[Symbol.dispose]();
  isDamaged = true;
  await assert.rejects(read(opened, 2n), { kind: "corrupt" });
  assert.deepEqual(leases, { taken: 4, disposed: 4 });
  await opened.close();
});
