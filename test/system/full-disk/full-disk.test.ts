// A whole server on a real file system that is too small for what it is sent. What was acknowledged stays, nothing else is
// acknowledged, the server says why, and space that comes back is used again.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "../../support/kinesis-connection.ts";
import type { GetRecordsAnswer } from "../../support/load-actors.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { listShards, settled } from "../../support/stream-changer.ts";
import { makeSmallFilesystem } from "./small-filesystem.ts";

const mebibyte = 1024 * 1024;
const filesystemBytes = 48 * mebibyte;
const ballastBytes = 8 * mebibyte;
const recordBytes = 20_000;
const recordsPerCall = 40;
const callsMax = 200;
const callsAfterwards = 30;
const recoveryPollsMax = 1_500;

interface PutResult {
  readonly SequenceNumber?: string;
}

/** Puts records until the server takes no more of them, and remembers those that it took. */
class Filler {
  readonly #acknowledged = new Map<string, string>();
  #sent = 0;

  get count(): number {
    return this.#acknowledged.size;
  }

  /** What the last call was answered. */
  async fill(connection: KinesisConnection, StreamName: string): Promise<string> {
    for (let calls = 0; calls < callsMax; calls++) {
      const refusal = await this.put(connection, StreamName);
      if (refusal !== undefined) return refusal;
    }
    assert.fail("the disk is never full");
  }

  /** Undefined if all records were taken. */
  async put(connection: KinesisConnection, StreamName: string): Promise<string | undefined> {
    const texts = Array.from({ length: recordsPerCall }, () => `${this.#sent++}:`.padEnd(recordBytes, "x"));
    const Records = texts.map((text, index) => ({
      Data: Buffer.from(text).toString("base64"),
      PartitionKey: String(index),
    }));
    try {
      const answer = await connection.call<{
        readonly Records: readonly (PutResult & { readonly ErrorCode?: string })[];
      }>("PutRecords", { StreamName, Records });
      for (const [index, { SequenceNumber }] of answer.Records.entries()) {
        if (SequenceNumber !== undefined) this.#acknowledged.set(SequenceNumber, texts[index] ?? "");
      }
      return answer.Records.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode;
    } catch (error) {
      if (error instanceof RefusedCall) return error.type;
      if (error instanceof LostCall) return "lost";
      throw error;
    }
  }

  /** Every acknowledged record is there, with its bytes. */
  async check(connection: KinesisConnection, StreamName: string): Promise<void> {
    const found = new Map<string, string>();
    for (const { ShardId } of await listShards(connection, StreamName)) {
      const input = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
      const first = await connection.call<{ readonly ShardIterator: string }>("GetShardIterator", input);
      for (let iterator: string | undefined = first.ShardIterator; iterator !== undefined; ) {
        const page: GetRecordsAnswer = await connection.call("GetRecords", { ShardIterator: iterator });
        for (const { SequenceNumber, Data } of page.Records) {
          found.set(SequenceNumber, Buffer.from(Data, "base64").toString());
        }
        iterator = page.Records.length === 0 && page.MillisBehindLatest === 0 ? undefined : page.NextShardIterator;
      }
    }
    for (const [number, text] of this.#acknowledged) assert.equal(found.get(number)?.slice(0, 20), text.slice(0, 20));
  }
}

async function health(
  server: ServerProcess,
): Promise<{ readonly status: string; readonly degraded: readonly string[] }> {
  return (await (await fetch(`${server.endpoint}/health`)).json()) as { status: string; degraded: string[] };
}

async function makeStream(connection: KinesisConnection, StreamName: string): Promise<void> {
  await connection.call("CreateStream", { StreamName, ShardCount: 2 });
  assert.equal(await settled(connection, StreamName), "ACTIVE");
}

test("a full disk ends acknowledgements; acknowledged records survive, and a deleted stream frees space", async (t) => {
  using filesystem = makeSmallFilesystem(filesystemBytes);
  t.diagnostic(`ran on ${filesystem.kind}`);
  const isReal = filesystem.kind !== "a directory of the machine's own disk";
  const ballast = join(filesystem.directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(ballastBytes, 1));
  const dataDir = join(filesystem.directory, "data");
  const fitting = isReal ? [] : ["--disk-budget", `${filesystemBytes / mebibyte}MiB`];
  // On a real file system the first budget is far too large, as where another program fills the disk.
  await using server = await ServerProcess.start({ dataDir, args: isReal ? ["--disk-budget", "1GiB"] : fitting });
  let connection = new KinesisConnection(server.endpoint);
  const [bulk, kept] = [new Filler(), new Filler()];
  await makeStream(connection, "kept");
  await makeStream(connection, "bulk");
  assert.equal(await kept.put(connection, "kept"), undefined);
  const refusal = await bulk.fill(connection, "bulk");
  t.diagnostic(`${bulk.count} records acknowledged, then ${refusal}`);
  assert(bulk.count > 500);
  const full = await health(server);
  if (isReal) {
    assert.equal(full.status, "unavailable");
    assert.match(full.degraded.join(), /The log stopped at a failed write \(ENOSPC/);
    const before = bulk.count;
    assert.notEqual(await bulk.put(connection, "bulk"), undefined);
    assert.equal(bulk.count, before, "nothing is acknowledged any more");
  }
  await bulk.check(connection, "bulk");
  connection.close();
  await server.kill("SIGKILL");

  // Nothing can be written, and everything be read.
  await server.restart();
  connection = new KinesisConnection(server.endpoint);
  await bulk.check(connection, "bulk");
  connection.close();
  await server.kill("SIGKILL");

  rmSync(ballast);
  await using second = await ServerProcess.start({ dataDir, args: fitting });
  connection = new KinesisConnection(second.endpoint);
  await bulk.check(connection, "bulk");
  await kept.check(connection, "kept");
  assert.equal((await health(second)).status, "ready");
  await connection.call("DeleteStream", { StreamName: "bulk" });
  await settled(connection, "bulk");
  // More than fit before: space must really be freed.
  let callsLeft = callsAfterwards;
  for (let polls = 0; callsLeft > 0; ) {
    const refused = await kept.put(connection, "kept");
    if (refused === undefined) callsLeft -= 1;
    else {
      assert.equal((await health(second)).status, "ready", "a budget throttles before the disk is full");
      assert(polls++ < recoveryPollsMax, `space does not come back, ${callsLeft} calls before the end`);
      await wait(20);
    }
  }
  await kept.check(connection, "kept");
  connection.close();
});
