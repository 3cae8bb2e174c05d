import assert from "node:assert/strict";
import { test } from "node:test";
import type { TableMetadata } from "../../../../src/channels/table/iceberg-schema.ts";
import { commitBatch, isCommitted, type TableBatch } from "../../../../src/channels/table/table-commit.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";
import { SimulatedBucket } from "../../../support/simulated-bucket.ts";
import { SimulatedTable } from "../../../support/simulated-table.ts";

const signal = new AbortController().signal;
const channelId = "channel";
const field = { "source-id": 1, "field-id": 1000, name: "at_hour", transform: "hour" };
const spec = { "spec-id": 0, fields: [field] };
const schema = {
  type: "struct",
  "schema-id": 0,
  fields: [{ id: 1, name: "at", required: true, type: "timestamptz" }],
} as const;

function batchOf(number: number): TableBatch {
  const cut = { number, random: "aaaaaa", ranges: [], oldestMs: 0 };
  const file = { path: `s3://lake/t/data/${number}.parquet`, hours: [number], recordCount: number, byteCount: 1 };
  return { channelId, place: { namespace: "n", table: "t" }, cut, table: { schema, spec }, files: [file] };
}

test("the manifests of a hundred batches become one, with all files in the order in which they came", async () => {
  const bucket = new SimulatedBucket(new SeededRandom(1));
  const table = new SimulatedTable(bucket, new SeededRandom(1));
  const catalog = table.connect();
  await catalog.create({ schema, spec, properties: { "millrace.channel": channelId } }, signal);
  const services = { catalog, filesOf: () => bucket.connect(), nowMs: () => 0 };
  const batchCount = 205;
  for (let number = 1; number <= batchCount; number += 1) {
    const metadata = await catalog.find(signal);
    assert(metadata !== undefined);
    await commitBatch(services, batchOf(number), metadata, signal);
  }
  const { lines, files } = table.manifests();
  assert(lines.length < 100, `${lines.length} manifests`);
  assert.deepEqual(
    files.map(({ path }) => path).toSorted(),
    Array.from({ length: batchCount }, (_, i) => `s3://lake/t/data/${i + 1}.parquet`).toSorted(),
  );
  for (const { path, sequenceNumber } of files) {
    assert.equal(path, `s3://lake/t/data/${sequenceNumber}.parquet`, "each file keeps the number of its own snapshot");
  }
  const newest = (await catalog.find(signal))?.snapshots?.at(-1)?.summary;
  assert.equal(newest?.["total-data-files"], String(batchCount));
  assert.equal(newest?.["total-records"], String((batchCount * (batchCount + 1)) / 2));
});

test("a batch is not committed again when its snapshot has expired, or when a later one has come", async () => {
  const { cut, place } = batchOf(5);
  const summary = { "millrace.channel": channelId, "millrace.batch": "000005-aaaaaa" };
  const snapshot = { "snapshot-id": 1n, "timestamp-ms": 0, "manifest-list": "", summary };
  const table = new SimulatedTable(new SimulatedBucket(new SeededRandom(1)), new SeededRandom(1));
  /** `last`: the property of the table; only `findWhole()` gives the snapshots. */
  const judge = async (last: string | undefined, snapshots: readonly (typeof snapshot)[], id = channelId) => {
    const properties = { "millrace.channel": id, ...(last === undefined ? {} : { "millrace.batch": last }) };
    const metadata = { snapshots: [], properties } as unknown as TableMetadata;
    const catalog = { ...table.connect(), findWhole: async () => ({ ...metadata, snapshots }) };
    return await isCommitted(catalog, { channelId: id, place, cut }, metadata, signal);
  };
  const isOlder = /data directory is older than the table/;
  assert(await judge("000005-aaaaaa", []));
  assert(await judge("000007-cccccc", [snapshot]));
  assert(await judge(undefined, [snapshot]), "others may have removed the property");
  assert(!(await judge(undefined, [])));
  assert(!(await judge("000004-bbbbbb", [])));
  await assert.rejects(judge("000007-cccccc", []), isOlder);
  await assert.rejects(judge("000005-bbbbbb", []), isOlder);
  await assert.rejects(judge("000007-cccccc", [snapshot], "another"), isOlder);
});
