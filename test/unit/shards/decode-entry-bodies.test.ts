import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import { pageBytesIn, readPage } from "../../../src/shards/read-page.ts";
import type { ShardServices } from "../../../src/shards/shard-services.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { startEncrypting } from "../../../src/streams/data-keys.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { logWithGaps } from "../../support/log-with-gaps.ts";
import { type OpenShardServices, openShardServices } from "./open-shard-services.ts";

/** Whose stream is encrypted. `damage` may change what is stored of an entry, by its number from 1. */
async function encryptedServices(damage: (body: Uint8Array, entry: number) => Uint8Array): Promise<OpenShardServices> {
  let entryCount = 0;
  const damaging = (log: ShardLog): Partial<ShardLog> => ({
    appendBatch: (batch) => {
      assert.equal(batch.count, 1);
      entryCount += 1;
      const start = batch.bodyStarts[0] ?? 0;
      const bytes = damage(Uint8Array.from(batch.bytes.subarray(start, start + (batch.bodyBytes[0] ?? 0))), entryCount);
      return log.appendBatch({
        ...batch,
        bytes,
        bodyStarts: Uint32Array.of(0),
        bodyBytes: Uint32Array.of(bytes.length),
      });
    },
  });
  const opened = await openShardServices(1, damaging);
  const { services, revision } = opened;
  const made = await services.keys.make(revision.stream, "alias/mine");
  return { ...opened, revision: await services.registry.replace(revision, startEncrypting(revision.stream, made, 0)) };
}

async function put(
  { revision }: OpenShardServices,
  services: ShardServices,
  ...data: readonly string[]
): Promise<void> {
  await storeRecords(services, revision, incomingRecords(data.map((text) => ({ key: "k", data: text }))));
}

async function pageFrom({ services, revision }: OpenShardServices, from: bigint, recordsMax = 10_000) {
  const [shard] = revision.stream.shards;
  assert(shard !== undefined);
  const { records, next } = await readPage(services, revision, shard, from, { recordsMax, bytesMax: pageBytesIn() });
  return { count: records.count, next, kms: records.slices.map(({ kms }) => kms) };
}

const isCorrupt = (error: unknown) => error instanceof EngineError && error.kind === "corrupt";

test("encrypted entries are read from any position in them, and no more of them is decoded than the page takes", async () => {
  const opened = await encryptedServices((body) => body);
  await put(opened, opened.services, "1", "2", "3");
  await put(opened, opened.services, "4", "5");
  assert.deepEqual(await pageFrom(opened, 1n), { count: 5, next: 6n, kms: [true, true] });
  assert.deepEqual(await pageFrom(opened, 2n, 2), { count: 2, next: 4n, kms: [true] });
  assert.deepEqual(await pageFrom(opened, 3n, 2), { count: 2, next: 5n, kms: [true, true] });
  assert.deepEqual(await pageFrom(opened, 6n), { count: 0, next: 6n, kms: [] });
  await opened.close();
});

test("fear: pages of encrypted records are short where positions have gaps, as in a cluster", async () => {
  const opened = await openShardServices(1, logWithGaps);
  const { services, revision } = opened;
  const made = await services.keys.make(revision.stream, "alias/mine");
  const encrypted = await services.registry.replace(revision, startEncrypting(revision.stream, made, 0));
  const gapped = { ...opened, revision: encrypted };
  for (let i = 0; i < 8; i++) await put(gapped, services, `${i}`);
  const whole = await pageFrom(gapped, 1n);
  assert.deepEqual([whole.count, whole.kms.length], [8, 8]);
  const first = await pageFrom(gapped, 1n, 3);
  assert.deepEqual([first.count, first.kms.length], [3, 3]);
  assert.equal((await pageFrom(gapped, first.next)).count, 5);
  await opened.close();
});

test("a damaged entry is never returned: those before it are, and then comes an error", async () => {
  const flipped = (body: Uint8Array): Uint8Array => {
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    return body;
  };
  const opened = await encryptedServices((body, entry) => (entry === 2 ? flipped(body) : body));
  for (const data of ["1", "2", "3"]) await put(opened, opened.services, data);
  assert.deepEqual(await pageFrom(opened, 1n), { count: 1, next: 2n, kms: [true] });
  await assert.rejects(pageFrom(opened, 2n), isCorrupt);
  assert.deepEqual(await pageFrom(opened, 3n), { count: 1, next: 4n, kms: [true] });
  await opened.close();
});

test("an entry that was moved from another place is an error", async () => {
  const bodies: Uint8Array[] = [];
  const opened = await encryptedServices((body, entry) => {
    bodies.push(body);
    return entry === 2 ? (bodies[0] ?? body) : body;
  });
  await put(opened, opened.services, "1");
  await opened.clock.advance(1);
  await put(opened, opened.services, "2");
  assert.equal((await pageFrom(opened, 1n)).count, 1);
  await assert.rejects(pageFrom(opened, 2n), isCorrupt);
  await opened.close();
});

test("an entry under a data key that the stream has not is corrupt, not unreadable for want of a key", async () => {
  const opened = await encryptedServices((body) => body);
  await put(opened, opened.services, "1");
  const { dataKeys: _lost, encryption: _off, ...stream } = opened.revision.stream;
  const revision = await opened.services.registry.replace(opened.revision, stream);
  await opened.clock.advance(5 * 60_000);
  await assert.rejects(pageFrom({ ...opened, revision }, 1n), isCorrupt);
  await opened.close();
});

test("compressed entries fill a page by what they become", async () => {
  const opened = await openShardServices(1);
  const services = { ...opened.services, compresses: true };
  for (let i = 0; i < 3; i++) await put(opened, services, ...Array.from({ length: 6 }, () => "0".repeat(1_000_000)));
  assert.deepEqual(await pageFrom(opened, 1n), { count: 6, next: 7n, kms: [false] });
  assert.deepEqual(await pageFrom(opened, 7n), { count: 6, next: 13n, kms: [false] });
  await opened.close();
});
