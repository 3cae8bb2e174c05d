/** Exports a stream and imports it into another one, both cut by kill -9 and resumed, and compares the two. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Kinesis } from "@aws-sdk/client-kinesis";
import { cliOutput, runCli, startCli } from "../../support/run-cli.ts";

export interface CopyOptions {
  readonly endpoint: string;
  readonly records: number;
  /** How often export and import are killed each. */
  readonly kills: number;
}

const shardCount = 4;
const keyCount = 1_000;
const shardBits = 126n;

export function kinesisAt(endpoint: string): Kinesis {
  return new Kinesis({ endpoint, region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" } });
}

/** Every tenth record has an explicit hash key, the first one of a shard. */
function explicitHashKeyOf(index: number): string | undefined {
  return index % 10 === 0 ? String(BigInt((index / 10) % shardCount) << shardBits) : undefined;
}

function recordOf(index: number) {
  const ExplicitHashKey = explicitHashKeyOf(index);
  const Data = Buffer.from(`${index} ${createHash("sha1").update(String(index)).digest("hex")}`);
  const PartitionKey = `key-${index % keyCount}${ExplicitHashKey === undefined ? "" : "-explicit"}`;
  return { PartitionKey, Data, ...(ExplicitHashKey === undefined ? {} : { ExplicitHashKey }) };
}

async function fill(kinesis: Kinesis, stream: string, records: number): Promise<void> {
  await kinesis.createStream({ StreamName: stream, ShardCount: shardCount });
  for (let first = 0; first < records; first += 500) {
    const Records = Array.from({ length: Math.min(500, records - first) }, (_, offset) => recordOf(first + offset));
    const { FailedRecordCount } = await kinesis.putRecords({ StreamName: stream, Records });
    assert.equal(FailedRecordCount, 0);
  }
}

/** Runs the command until it ends by itself, and kills it `kills` times before, each time when `hasProgress` says so. */
async function runKilled(
  args: readonly string[],
  endpoint: string,
  kills: number,
  progress: () => number,
): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    const before = progress();
    const child = startCli(args, { endpoint });
    const exit = once(child, "exit");
    child.stdout.resume();
    child.stderr.resume();
    child.stdin.end();
    while (progress() === before && child.exitCode === null) await pause(1);
    child.kill("SIGKILL");
    await exit;
  }
  await cliOutput(args, { endpoint });
}

interface Comparison {
  /** Records that the target has more than once. */
  readonly repeats: number;
}

/** Fails unless the target has all records of the source, with their keys, data and shards, and each key in its order. */
export async function copyAndCompare({ endpoint, records, kills }: CopyOptions): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-copy-"));
  const kinesis = kinesisAt(endpoint);
  try {
    await fill(kinesis, "source", records);
    await kinesis.createStream({ StreamName: "target", ShardCount: shardCount });
    const [file, checkpoint] = [join(folder, "export.ndjson"), join(folder, "checkpoint")];
    const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const exporting = ["export", "source", "--output", file, "--resume"];
    await runKilled(exporting, endpoint, kills, () => sizeOf(file));
    const writtenAt = () => statSync(checkpoint, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const importing = ["import", "target", file, "--checkpoint", checkpoint];
    await runKilled(importing, endpoint, kills, writtenAt);
    const repeats = await compare(kinesis, records);
    const again = await runCli(importing, { endpoint });
    assert.match(again.stderr, new RegExp(`${records} records were stored by an earlier run`));
    return { repeats };
  } finally {
    kinesis.destroy();
    rmSync(folder, { recursive: true });
  }
}

/** Returns how many records were put again; all records of a key must come in order, without the repeats. */
async function compare(kinesis: Kinesis, records: number): Promise<number> {
  const seen = new Uint8Array(records);
  const lastOfKey = new Map<string, number>();
  let repeats = 0;
  for (let shard = 0; shard < shardCount; shard++) {
    const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
    for await (const { PartitionKey = "", Data = new Uint8Array() } of recordsOf(kinesis, "target", ShardId)) {
      const index = Number.parseInt(Buffer.from(Data).toString(), 10);
      const expected = recordOf(index);
      assert.deepEqual([PartitionKey, Buffer.from(Data)], [expected.PartitionKey, expected.Data]);
      const wantedShard = Number(BigInt(explicitHashKeyOf(index) ?? hashKeyOf(PartitionKey)) >> shardBits);
      assert.equal(shard, wantedShard, `the shard of record ${index}`);
      if (seen[index] === 1) {
        repeats++;
        continue;
      }
      seen[index] = 1;
      const ordered = `${PartitionKey} in ${shard}`;
      assert(index > (lastOfKey.get(ordered) ?? -1), `record ${index} of ${ordered} comes after a later one`);
      lastOfKey.set(ordered, index);
    }
  }
  assert.equal(seen.indexOf(0), -1, "a record is missing");
  return repeats;
}

function hashKeyOf(partitionKey: string): string {
  return `0x${createHash("md5").update(partitionKey).digest("hex")}`;
}

async function* recordsOf(kinesis: Kinesis, StreamName: string, ShardId: string) {
  const start = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" as const };
  let { ShardIterator } = await kinesis.getShardIterator(start);
  for (;;) {
    const page = await kinesis.getRecords({ ShardIterator });
    yield* page.Records ?? [];
    if (page.Records?.length === 0 && page.MillisBehindLatest === 0) return;
    ShardIterator = page.NextShardIterator;
  }
}
