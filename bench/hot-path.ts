/**
 * The way of a put in the process, without sockets and disk: parse, bind, batch, number, encode. Compared with
 * `JSON.parse` of the same body and, if wanted, with another checkout: figures that hold on a busy machine too.
 *   node bench/hot-path.ts [--before CHECKOUT]
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Codec, EncodedBody } from "../src/protocol/codec/codec.ts";
import type * as jsonCodec from "../src/protocol/json/json-codec.ts";
import type * as batchByShard from "../src/records/batch-by-shard.ts";
import type { PutResults } from "../src/records/put-results.ts";
import type * as resultColumns from "../src/shards/put-result-columns.ts";
import type * as shardMap from "../src/streams/hash-keys/shard-map.ts";
import type * as reshardPlan from "../src/streams/resharding/reshard-plan.ts";

const roundCount = 40;
const secondsPerRound = 0.02;

interface Case {
  readonly title: string;
  readonly name: "PutRecord" | "PutRecords";
  readonly shardCount: number;
  readonly recordCount: number;
  readonly dataBytes: number;
}

const cases: readonly Case[] = [
  { title: "PutRecords 500 x 1 KiB, 4 shards", name: "PutRecords", shardCount: 4, recordCount: 500, dataBytes: 1_024 },
  { title: "PutRecords 500 x 100 B, 4 shards", name: "PutRecords", shardCount: 4, recordCount: 500, dataBytes: 100 },
  {
    title: "PutRecords 500 x 100 B, 1,000 shards",
    name: "PutRecords",
    shardCount: 1_000,
    recordCount: 500,
    dataBytes: 100,
  },
  { title: "PutRecords 50 x 10 KiB, 4 shards", name: "PutRecords", shardCount: 4, recordCount: 50, dataBytes: 10_240 },
  { title: "PutRecord 1 KiB, 4 shards", name: "PutRecord", shardCount: 4, recordCount: 1, dataBytes: 1_024 },
];

type Put = (body: Buffer) => EncodedBody;

function encode(codec: Codec, name: Case["name"], results: PutResults): EncodedBody {
  if (name === "PutRecords") return codec.encode(name, { FailedRecordCount: 0, Records: results });
  const [ShardId = ""] = results.shardIds;
  const [SequenceNumber = ""] = results.sequenceNumbers;
  return codec.encode(name, { ShardId, SequenceNumber });
}

function textOf(body: EncodedBody): string {
  return String(typeof body === "object" && "bytes" in body ? body.bytes : body);
}

/** As the socket does when it has sent the bytes. */
function dispose(body: EncodedBody): void {
  if (typeof body === "object" && "bytes" in body) body[Symbol.dispose]();
}

/** The modules of a checkout, joined as the pipeline joins them. */
async function hotPathOf(checkout: string): Promise<(given: Case) => Put> {
  const load = (path: string): Promise<unknown> => import(join(checkout, "src", path));
  const { jsonCodec: codec } = (await load("protocol/json/json-codec.ts")) as typeof jsonCodec;
  const { batchByShard: batch } = (await load("records/batch-by-shard.ts")) as typeof batchByShard;
  const { PutResultColumns } = (await load("shards/put-result-columns.ts")) as typeof resultColumns;
  const { planCreate } = (await load("streams/resharding/reshard-plan.ts")) as typeof reshardPlan;
  const { ShardMap } = (await load("streams/hash-keys/shard-map.ts")) as typeof shardMap;
  return ({ name, shardCount }) => {
    const shards = planCreate(shardCount).map((range) => ({ ...range, createSecond: 1_700_000_000, placement: {} }));
    const map = new ShardMap(shards);
    return (body) => {
      const parsed = codec.parse(body, name);
      const input = parsed.bind();
      const records = "Records" in input ? input.Records : input.Record;
      const batches = batch(records, map, undefined, { kms: false });
      const positions = new BigUint64Array(batches.batchCount).fill(1_000_000n);
      const results = new PutResultColumns(records.count);
      results.add(batches, positions, map, 1_700_000_000_000);
      batches.lease?.[Symbol.dispose]();
      const encoded = encode(codec, name, results);
      parsed[Symbol.dispose]();
      return encoded;
    };
  };
}

function bodyOf({ name, recordCount, dataBytes }: Case): Buffer {
  const record = () => ({ Data: randomBytes(dataBytes).toString("base64"), PartitionKey: randomUUID() });
  const records = Array.from({ length: recordCount }, record);
  const members = name === "PutRecord" ? records[0] : { Records: records };
  return Buffer.from(JSON.stringify({ StreamName: "orders", ...members }));
}

/** The best round of each, us per call, taken in turns: what the machine does beside only ever adds. */
function bestOf(calls: readonly (() => unknown)[]): readonly number[] {
  const best = calls.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < roundCount; round++) {
    for (const [i, call] of calls.entries()) {
      const startMs = performance.now();
      let callCount = 0;
      for (; performance.now() - startMs < secondsPerRound * 1_000; callCount++) call();
      best[i] = Math.min(best[i] ?? 0, ((performance.now() - startMs) * 1_000) / callCount);
    }
  }
  return best;
}

const { values } = parseArgs({ options: { before: { type: "string" } } });
const ours = await hotPathOf(join(import.meta.dirname, ".."));
const before = values.before === undefined ? undefined : await hotPathOf(resolve(values.before));

for (const given of cases) {
  const body = bodyOf(given);
  const [put, earlier] = [ours(given), before?.(given)];
  if (earlier !== undefined) assert.equal(textOf(put(body)), textOf(earlier(body)));
  const [parseUs = 0, ourUs = 0, beforeUs] = bestOf([
    () => JSON.parse(body.toString()),
    () => dispose(put(body)),
    ...(earlier === undefined ? [] : [() => dispose(earlier(body))]),
  ]);
  const against =
    beforeUs === undefined ? "" : `, before ${beforeUs.toFixed(1)} us (x ${(ourUs / beforeUs).toFixed(2)})`;
  const ratio = (ourUs / parseUs).toFixed(2);
  console.log(`${given.title}: ${ourUs.toFixed(1)} us${against}, JSON.parse ${parseUs.toFixed(1)} us (x ${ratio})`);
}
