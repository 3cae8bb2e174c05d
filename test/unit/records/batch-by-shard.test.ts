import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { columnsOfParsedJson } from "../../../src/protocol/records/put-columns.ts";
import { scanJsonPut } from "../../../src/protocol/records/scan-put.ts";
import { batchByShard, type ShardBatches } from "../../../src/records/batch-by-shard.ts";
import { ENTRY_HEADER_BYTES, forEachRecord, isKmsMarked } from "../../../src/records/entry-layout.ts";
import type { IncomingRecords } from "../../../src/records/incoming-records.ts";
import { HASH_KEY_MAX } from "../../../src/streams/hash-keys/hash-key.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { streamOf } from "../streams/stream-of.ts";
import { batchesOf } from "./batches-of.ts";

const text = new TextDecoder("latin1");

/** Every record's data, found by batch and position. */
function dataByPlace(batches: ShardBatches): string[][] {
  return batchesOf(batches).map(({ body, count }) => {
    const data: string[] = [];
    forEachRecord(body, ENTRY_HEADER_BYTES, body.length, (_keyStart, _keyBytes, start, bytes) =>
      data.push(text.decode(body.subarray(start, start + bytes))),
    );
    assert.equal(data.length, count);
    return data;
  });
}

function checkBatches(
  records: IncomingRecords,
  map: ShardMap,
  admitted: Uint8Array | undefined,
  given: readonly string[],
): void {
  const batches = batchByShard(records, map, admitted, { kms: false });
  const data = dataByPlace(batches);
  const placed = batchesOf(batches).map(() => 0);
  for (let i = 0; i < records.count; i += 1) {
    const batch = batches.batchOfRecord[i] ?? -1;
    if (admitted !== undefined && admitted[i] !== 1) {
      assert.equal(batch, -1);
      continue;
    }
    assert.equal(batches.slots[batch], map.route(records.hashKeys, i));
    assert.equal(data[batch]?.[placed[batch] ?? 0], given[i]);
    placed[batch] = (placed[batch] ?? 0) + 1;
  }
  assert.deepEqual(
    placed,
    batchesOf(batches).map((batch) => batch.count),
  );
  assert.equal(new Set(batchesOf(batches).map((batch) => batch.slot)).size, batches.batchCount);
}

test("each record lands in its shard's body, in the order of the request", () => {
  const maps = [1, 4, 1000].map((count) => new ShardMap(streamOf(count).shards));
  const record = fc.record({
    key: fc.string({ minLength: 1, maxLength: 20 }),
    data: fc.string({ unit: "binary-ascii", maxLength: 60 }),
    hashKey: fc.bigInt({ min: 0n, max: HASH_KEY_MAX }),
    admitted: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), fc.boolean(), fc.constantFrom(...maps), (given, all, map) => {
      const records = incomingRecords(given);
      const admitted = all ? undefined : Uint8Array.from(given, (one) => (one.admitted ? 1 : 0));
      checkBatches(
        records,
        map,
        admitted,
        given.map((one) => one.data),
      );
    }),
    { numRuns: 60 },
  );
});

test("a request as large as they come is batched, and a small one after it", () => {
  const map = new ShardMap(streamOf(4).shards);
  const data = "x".repeat(20_000);
  const large = Array.from({ length: 500 }, (_, i) => ({ key: `key-${i}`, data: `${i}${data}` }));
  checkBatches(
    incomingRecords(large),
    map,
    undefined,
    large.map((one) => one.data),
  );
  const small = [
    { key: "a", data: "1" },
    { key: "a", data: "2" },
  ];
  checkBatches(incomingRecords(small), map, undefined, ["1", "2"]);
});

test("nothing admitted makes no batches", () => {
  const batches = batchByShard(incomingRecords([{ data: "x" }]), new ShardMap(streamOf(1).shards), Uint8Array.of(0), {
    kms: true,
  });
  assert.deepEqual(batchesOf(batches), []);
  assert.deepEqual([...batches.batchOfRecord], [-1]);
});

test("bodies are marked when the stream is encrypted", () => {
  const batches = batchByShard(incomingRecords([{ data: "x" }]), new ShardMap(streamOf(1).shards), undefined, {
    kms: true,
  });
  assert.ok(batchesOf(batches).every((batch) => isKmsMarked(batch.body)));
});

test("records in the WebAssembly module's memory come to the same bytes", () => {
  const maps = [1, 4, 1000].map((count) => new ShardMap(streamOf(count).shards));
  const record = fc.record(
    {
      Data: fc
        .oneof(fc.nat({ max: 60 }), fc.nat({ max: 2_000 }))
        .map((bytes) => Buffer.alloc(bytes, bytes).toString("base64")),
      PartitionKey: fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }),
    },
    { requiredKeys: ["Data"] },
  );
  const admission = fc.option(fc.uint8Array({ min: 0, max: 1, minLength: 60, maxLength: 60 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(...maps),
      admission,
      (given, map, admitted) => {
        const expected = columnsOfParsedJson(given);
        const scanned = scanJsonPut("PutRecords", Buffer.from(JSON.stringify({ Records: given })));
        // An escape in a key is the general path's; the generator makes some.
        if (scanned === undefined) return;
        assert.ok(expected !== undefined);
        const bodies = (records: IncomingRecords) =>
          batchesOf(batchByShard(records, map, admitted, { kms: true })).map(({ body, ...facts }) => ({
            ...facts,
            body: Buffer.from(body).toString("hex"),
          }));
        assert.deepEqual(bodies(scanned.records), bodies(expected.records));
        expected.lease[Symbol.dispose]();
        scanned.lease?.[Symbol.dispose]();
      },
    ),
  );
});

test("records whose slots are known already come to the same bodies", () => {
  const map = new ShardMap(streamOf(4).shards);
  const records = incomingRecords(Array.from({ length: 50 }, (_, i) => ({ key: `key ${i}`, data: `data ${i}` })));
  const bodies = (slots?: Uint16Array) =>
    batchesOf(batchByShard(records, map, undefined, { kms: false, slots })).map(({ slot, body }) => [slot, [...body]]);
  const expected = bodies();
  assert.equal(expected.length, 4);
  assert.deepEqual(bodies(map.routeAll(records.hashKeys, records.count)), expected);
});
