import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { hasChannelReaders } from "../../support/channel-readers.ts";
import { appendRow, type ReadTable, readTables } from "../../support/iceberg-reader.ts";
import { activeOnDemandArn, call } from "../../support/kinesis-call.ts";
import { hasSeaweed, SeaweedServer } from "../../support/seaweed-server.ts";
import { ChannelServer, createTableChannel, put, settledStatus, untilLater } from "./channel-fixture.ts";

const bucket = "letters";
/** Open shards of a new on-demand stream. */
const shardCount = 4;
const clickSchema = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "integer" }, at: { type: "string", format: "date-time" } },
};
/** Each type of the Developer Guide. */
const wideSchema = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "integer" },
    at: { type: "string", format: "date-time" },
    small: { type: "integer", maximum: 1000 },
    price: { type: "number", multipleOf: 0.01 },
    score: { type: "number" },
    isNew: { type: ["boolean", "null"] },
    day: { type: "string", format: "date" },
    clock: { type: "string", format: "time" },
    ref: { type: "string", format: "uuid" },
    bytes: { type: "string", contentEncoding: "base64" },
    kind: { enum: ["a", "b"] },
    user: { type: "object", properties: { name: { type: "string" }, age: { $ref: "#/$defs/age" } } },
    tags: { type: "array", items: { type: "string" } },
    counts: { type: "object", additionalProperties: { type: "integer" } },
  },
  $defs: { age: { type: "integer", maximum: 200 } },
};
const wideRecord = {
  id: 7,
  at: "2026-11-30T17:59:59.123456+01:00",
  small: 7,
  price: 0.29,
  score: 0.1,
  isNew: true,
  day: "1969-12-31",
  clock: "23:59:59.5",
  ref: "4205f49d-b694-432d-b365-7cdaf0189309",
  bytes: "aGk=",
  kind: "ä",
  user: { name: "alice", age: 33 },
  tags: ["x", "y"],
  counts: { one: 1 },
};

let seaweed: SeaweedServer;
let channels: ChannelServer;

before(async () => {
  if (!hasSeaweed() || !hasChannelReaders()) return;
  seaweed = await SeaweedServer.start();
  await seaweed.makeBucket(bucket);
  channels = await ChannelServer.start(seaweed, ["--engine", "memory", "--dev"]);
  channels.addSchema("clicks", clickSchema);
  channels.addSchema("wide", wideSchema);
});
after(async () => {
  await channels?.[Symbol.asyncDispose]();
  await seaweed?.[Symbol.asyncDispose]();
});

function isReady(t: TestContext): boolean {
  return hasSeaweed(t) && hasChannelReaders(t);
}

async function readOne(name: string): Promise<ReadTable> {
  const [read] = await readTables(seaweed, [`lake.${name}`]);
  assert(read !== undefined);
  return read;
}

/** Resolves once so many rows are in a table, as the catalog's newest snapshot says. */
async function untilRows(table: string, count: number): Promise<void> {
  await untilLater(channels.endpoint, async () => (await seaweed.rowCount("lake", table)) >= count);
}

function click(id: number): string {
  return JSON.stringify({ id, at: new Date(Date.UTC(2026, 10, 30, id % 3)).toISOString() });
}

test("each record is one row, in the order of its shard, in the files of its hour", async (t) => {
  if (!isReady(t)) return;
  const { endpoint } = channels;
  const names = ["none", "zstd", "snappy"];
  for (const name of names) {
    const streamArn = await activeOnDemandArn(endpoint, name);
    const compression = name.toUpperCase() as "NONE" | "ZSTD" | "SNAPPY";
    const wanted = { schema: "clicks", deadLetterBucket: bucket, compression, partitionColumns: ["at"] };
    assert.equal(await settledStatus(endpoint, await createTableChannel(endpoint, name, streamArn, wanted)), "ACTIVE");
  }
  for (const first of [0, 300]) {
    const clicks = Array.from({ length: 300 }, (_, i) => click(first + i));
    for (const name of names) await put(endpoint, name, clicks);
    for (const name of names) await untilRows(name, first + 300);
  }
  for (const { columns, partitions, files, snapshots } of await readTables(
    seaweed,
    names.map((name) => `lake.${name}`),
  )) {
    assert.deepEqual(columns, ["id: required long", "at: required timestamptz"]);
    assert.deepEqual(partitions, ["at_hour: hour"]);
    for (const rows of files) assert.equal(new Set(rows.map((row) => String(row["at"]).slice(0, 13))).size, 1);
    const idsByFile = files.map((rows) => rows.map((row) => Number(row["id"])));
    for (const ids of idsByFile) assert(ids.filter((id, i) => id < (ids[i - 1] ?? -1)).length < shardCount, ids.join());
    const ids = idsByFile.flat();
    assert.deepEqual(
      ids.toSorted((a, b) => a - b),
      Array.from({ length: 600 }, (_, i) => i),
    );
    assert(snapshots.length >= 2);
  }
});

test("values of each type of a schema are read back as they were put, and as null where they were left out", async (t) => {
  if (!isReady(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "wide");
  const wanted = { schema: "wide", deadLetterBucket: bucket };
  assert.equal(await settledStatus(endpoint, await createTableChannel(endpoint, "wide", streamArn, wanted)), "ACTIVE");
  const nulls = Object.fromEntries(Object.keys(wideRecord).map((name) => [name, null]));
  const records = [{ ...wideRecord, more: "no column has it" }, { id: 1 }, { ...nulls, id: 2 }];
  const empty = { id: 3, tags: [], counts: {}, user: {} };
  await put(endpoint, "wide", [...records.map((record) => JSON.stringify(record)), JSON.stringify(empty)]);
  // A number that no double holds.
  await put(endpoint, "wide", ['{"id":9007199254740993}']);
  await untilRows("wide", 5);
  const { files, columns } = await readOne("wide");
  const rows = new Map(files.flat().map((row) => [String(row["id"]), row]));
  assert.deepEqual(rows.get("7"), {
    ...wideRecord,
    ...{ at: "2026-11-30T16:59:59.123456Z", price: "0.29", day: "1969-12-31", clock: "23:59:59.500000" },
    ...{ bytes: "6869", counts: [["one", 1]] },
  });
  const absent = { ...nulls, id: 1 };
  assert.deepEqual(rows.get("1"), absent);
  assert.deepEqual(rows.get("2"), { ...absent, id: 2 });
  assert.deepEqual(rows.get("3"), { ...absent, id: 3, tags: [], counts: [], user: { name: null, age: null } });
  assert.deepEqual(rows.get("9007199254740993"), { ...absent, id: "9007199254740993" });
  assert(rows.size === 5, [...rows.keys()].join());
  assert(columns.includes("price: decimal(15, 2)") && columns.includes("small: int"), columns.join());
});

test("records that are no rows of the table are dead letters, with the column that they do not fit", async (t) => {
  if (!isReady(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "faulty");
  const wanted = { schema: "clicks", deadLetterBucket: bucket, partitionColumns: ["at"] };
  const arn = await createTableChannel(endpoint, "faulty", streamArn, wanted);
  assert.equal(await settledStatus(endpoint, arn), "ACTIVE");
  await put(endpoint, "faulty", ["{broken", "[1]", '{"id":1}', '{"id":"1","at":"2026-11-30T00:00:00Z"}', click(5)]);
  await untilRows("faulty", 1);
  const id = arn.split("/").at(-1) ?? "";
  const letters = (await seaweed.objects(bucket)).filter(({ key }) => key.includes(id));
  const faults = letters.flatMap(({ body }) =>
    body
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Letter),
  );
  assert.deepEqual(faults.map(({ errorMessage }) => errorMessage).sort(), [
    "The data is not a valid JSON object in UTF-8.",
    "The data is not a valid JSON object in UTF-8.",
    "The record has no value for the required column at.",
    "The value of id does not fit its column of type long.",
  ]);
  assert.equal(await seaweed.rowCount("lake", "faulty"), 1);
});

interface Letter {
  readonly errorMessage: string;
}

test("rows that another writer appends stay, and the channel goes on behind them", async (t) => {
  if (!isReady(t)) return;
  const { endpoint } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "shared");
  const wanted = { schema: "clicks", deadLetterBucket: bucket };
  await settledStatus(endpoint, await createTableChannel(endpoint, "shared", streamArn, wanted));
  await put(endpoint, "shared", [click(1)]);
  await untilRows("shared", 1);
  await appendRow(seaweed, "lake.shared", { id: 100, at: "2026-11-30T09:00:00+00:00" });
  await put(endpoint, "shared", [click(2)]);
  await untilRows("shared", 3);
  const { files } = await readOne("shared");
  assert.deepEqual(
    files
      .flat()
      .map((row) => Number(row["id"]))
      .sort(),
    [1, 100, 2],
  );
});

test("a channel is FAILED whose table exists, whose schema is not there, or whose partition is by no time", async (t) => {
  if (!isReady(t)) return;
  const { endpoint } = channels;
  const cases = [
    [{ schema: "clicks", table: "taken" }, "ACTIVE"],
    [
      { schema: "clicks", table: "taken" },
      "FAILED: The table lake.taken is not the one that the channel made; a channel delivers into a table that it makes itself.",
    ],
    [
      { schema: "absent" },
      "FAILED: The schema of the records, registry/absent.json in the folder of schemas, cannot be read (ENOENT).",
    ],
    [
      { schema: "clicks", partitionColumns: ["id"] },
      'FAILED: The schema of the records is one that no table can have: it must have id, which partitions the table, as a string of format "date-time".',
    ],
  ] as const;
  for (const [i, [wanted, status]] of cases.entries()) {
    const streamArn = await activeOnDemandArn(endpoint, `failed-${i}`);
    const arn = await createTableChannel(endpoint, `failed_${i}`, streamArn, { deadLetterBucket: bucket, ...wanted });
    assert.equal(await settledStatus(endpoint, arn), status);
  }
});

test("a channel whose credentials for the catalog are refused goes on once they are right, by another kind of them", async (t) => {
  if (!isReady(t)) return;
  const { endpoint, placesPath } = channels;
  const streamArn = await activeOnDemandArn(endpoint, "rotated");
  const wanted = { schema: "clicks", deadLetterBucket: bucket };
  await settledStatus(endpoint, await createTableChannel(endpoint, "rotated", streamArn, wanted));
  await seaweed.writePlaces(placesPath, { keys: { accessKeyId: "admin", secretAccessKey: "wrong" } });
  await untilLater(endpoint, async () => {
    await put(endpoint, "rotated", [click(1)]);
    return (await health(endpoint)).includes("The catalog");
  });
  await seaweed.writePlaces(placesPath, { auth: "oauth" });
  await untilLater(endpoint, async () => !(await health(endpoint)).includes("The catalog"));
  await untilRows("rotated", 1);
  const described = await call<{ readonly ChannelSummaries: readonly object[] }>(endpoint, "ListChannels", {});
  assert(described.ChannelSummaries.length > 0);
});

async function health(endpoint: string): Promise<string> {
  return await (await fetch(`${endpoint}/health`)).text();
}
