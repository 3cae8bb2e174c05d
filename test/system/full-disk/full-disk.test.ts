// A whole server on a real file system that is too small for what it is sent. What was acknowledged stays, nothing else is
// acknowledged, the server says why, and space that comes back is used again.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "../../support/kinesis-connection.ts";
import type { GetRecordsAnswer } from "../../support/load-actors.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { listShards, settled } from "../../support/stream-changer.ts";
import { makeSmallFilesystem, type SmallFilesystem } from "./small-filesystem.ts";

const mebibyte = 1024 * 1024;
const filesystemBytes = 48 * mebibyte;
const ballastBytes = 8 * mebibyte;
const recordBytes = 20_000;
const recordsPerCall = 40;
const callsMax = 200;
const callsAfterwards = 15;
const stopAttemptsMax = 20;
const refusalsInRow = 15;
const diskFullMessage = "puts are refused because the disk is full";
const diskBudgetMessage = "puts are refused because the disk budget is used up";
/** Between two lines about the same shortage; the clocks of line and interval differ a little. */
const reportMsMin = 59_000;
const healthyMsMax = 30_000;
const takesMax = 100;
const recoveryPollsMax = 1_500;

interface PutResult {
  readonly SequenceNumber?: string;
}

interface Refusal {
  readonly type: string;
  readonly message: string;
}

/** Puts records until the server takes no more of them, and remembers those that it took. */
class Filler {
  readonly #acknowledged = new Map<string, string>();
  #sent = 0;

  get count(): number {
    return this.#acknowledged.size;
  }

  /** The first refusal. */
  async fill(connection: KinesisConnection, StreamName: string): Promise<Refusal> {
    for (let calls = 0; calls < callsMax; calls++) {
      const refusal = await this.put(connection, StreamName);
      if (refusal !== undefined) return refusal;
    }
    assert.fail("the disk is never full");
  }

  /** Fills until compaction frees no more either; returns the first refusal. */
  async fillUp(connection: KinesisConnection, StreamName: string): Promise<Refusal> {
    const first = await this.fill(connection, StreamName);
    for (let refusals = 0; refusals < refusalsInRow; ) {
      await wait(100);
      if ((await this.put(connection, StreamName)) === undefined) refusals = 0;
      else refusals += 1;
    }
    return first;
  }

  /** Puts until the server stores records again. */
  async putUntilStored(connection: KinesisConnection, StreamName: string): Promise<void> {
    for (let polls = 0; (await this.put(connection, StreamName)) !== undefined; polls++) {
      assert(polls < recoveryPollsMax, "space does not come back");
      await wait(20);
    }
  }

  /** Undefined if all records were taken. */
  async put(connection: KinesisConnection, StreamName: string): Promise<Refusal | undefined> {
    const texts = Array.from({ length: recordsPerCall }, () => `${this.#sent++}:`.padEnd(recordBytes, "x"));
    const Records = texts.map((text, index) => ({
      Data: Buffer.from(text).toString("base64"),
      PartitionKey: String(index),
    }));
    try {
      const answer = await connection.call<{
        readonly Records: readonly (PutResult & { readonly ErrorCode?: string; readonly ErrorMessage?: string })[];
      }>("PutRecords", { StreamName, Records });
      for (const [index, { SequenceNumber }] of answer.Records.entries()) {
        if (SequenceNumber !== undefined) this.#acknowledged.set(SequenceNumber, texts[index] ?? "");
      }
      const failed = answer.Records.find(({ ErrorCode }) => ErrorCode !== undefined);
      return failed === undefined ? undefined : { type: failed.ErrorCode ?? "", message: failed.ErrorMessage ?? "" };
    } catch (error) {
      if (error instanceof RefusedCall) return { type: error.type, message: error.message };
      if (error instanceof LostCall) return { type: "lost", message: error.message };
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

interface Health {
  readonly status: string;
  readonly durable: boolean;
  readonly degraded: readonly string[];
}

async function health(server: ServerProcess): Promise<Health> {
  return (await (await fetch(`${server.endpoint}/health`)).json()) as Health;
}

/** A sample of `/metrics`; undefined if it is absent. */
async function metric(server: ServerProcess, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

async function makeStream(connection: KinesisConnection, StreamName: string): Promise<void> {
  await connection.call("CreateStream", { StreamName, ShardCount: 2 });
  assert.equal(await settled(connection, StreamName), "ACTIVE");
}

/** The lines of the log with this message. */
function logLines(server: ServerProcess, message: string): readonly string[] {
  return server.stderr.split("\n").filter((line) => line.includes(`"body":${JSON.stringify(message)}`));
}

/** Health and metrics say that nothing is wrong, once compaction has freed what it can. */
async function assertHealthy(server: ServerProcess): Promise<void> {
  const deadline = Date.now() + healthyMsMax;
  while ((await health(server)).degraded.length > 0 && Date.now() < deadline) await wait(100);
  assert.deepEqual(await health(server), { status: "ready", engine: "embedded", durable: true, degraded: [] });
  for (const name of ["disk_full", "disk_budget_used_up", "wal_stopped"]) {
    assert.equal(await metric(server, `millrace_engine_${name}`), 0, name);
  }
}

/**
 * The log says when puts began to be refused, once and then each minute, and when they were stored again. While compaction
 * frees space little by little there may be several shortages; returns the lines of their beginnings.
 */
function assertReported(server: ServerProcess, message: string): readonly string[] {
  const refused = new Set(logLines(server, message));
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const line of server.stderr.split("\n")) {
    if (line.includes('"puts are stored again"')) lastMs = Number.NEGATIVE_INFINITY;
    if (!refused.has(line)) continue;
    const { timestamp } = JSON.parse(line) as { readonly timestamp: string };
    assert(Date.parse(timestamp) - lastMs >= reportMsMin, "once, not for each refusal");
    lastMs = Date.parse(timestamp);
  }
  assert(refused.size > 0, "it is told");
  return [...refused];
}

/** The log ends with the line that says that puts are stored again. */
async function assertResumed(server: ServerProcess, message: string): Promise<void> {
  const isResumed = (): boolean =>
    server.stderr.lastIndexOf('"puts are stored again"') > server.stderr.lastIndexOf(JSON.stringify(message));
  const deadline = Date.now() + healthyMsMax;
  while (!isResumed() && Date.now() < deadline) await wait(100);
  assert(isResumed());
}

/** A small filesystem, with a file that takes some of it. */
async function makeCrowdedFilesystem(t: TestContext): Promise<SmallFilesystem & { readonly ballast: string }> {
  const filesystem = await makeSmallFilesystem(filesystemBytes);
  t.diagnostic(`ran on ${filesystem.kind}`);
  const ballast = join(filesystem.directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(ballastBytes, 1));
  return { ...filesystem, ballast };
}

test("fear: a full disk stops the log silently, and space that comes back is not used", async (t) => {
  using filesystem = await makeCrowdedFilesystem(t);
  const { directory, env } = filesystem;
  const dataDir = join(directory, "data");
  // The budget is far too large, as where another program fills the disk.
  await using server = await ServerProcess.start({ dataDir, env, args: ["--disk-budget", "1GiB"] });
  const connection = new KinesisConnection(server.endpoint);
  const [bulk, kept] = [new Filler(), new Filler()];
  await makeStream(connection, "kept");
  await makeStream(connection, "bulk");
  assert.equal(await kept.put(connection, "kept"), undefined);
  await assertHealthy(server);

  const refusal = await bulk.fillUp(connection, "bulk");
  t.diagnostic(`${bulk.count} records acknowledged, then ${refusal.type}`);
  assert(bulk.count > 500);
  assert.equal(refusal.type, "ProvisionedThroughputExceededException");
  assert.match(refusal.message, /^The disk of the server is full; nothing was stored\. Retry/);
  const full = await health(server);
  assert.equal(full.status, "ready");
  assert.equal(full.durable, true);
  assert.match(full.degraded.join(" "), /^The disk is full: .* Most space is used by the streams bulk \(/);
  assert.equal(await metric(server, "millrace_engine_disk_full"), 1);
  assert.equal(await metric(server, "millrace_engine_wal_stopped"), 0);
  assert((await metric(server, 'millrace_stream_stored_bytes{stream="bulk"}')) ?? 0 > 10 * mebibyte);
  for (let calls = 0; calls < 20; calls++) await bulk.put(connection, "bulk");
  const lines = assertReported(server, diskFullMessage);
  assert.match(lines[0] ?? "", /"severity_text":"ERROR".*"stream":"bulk"/);

  rmSync(filesystem.ballast);
  await bulk.putUntilStored(connection, "bulk");
  await assertHealthy(server);
  await assertResumed(server, diskFullMessage);
  await bulk.check(connection, "bulk");
  await kept.check(connection, "kept");
  connection.close();
});

test("fear: a disk that the server's own data fills can never be freed after a restart", async (t) => {
  using filesystem = await makeCrowdedFilesystem(t);
  const { directory, env } = filesystem;
  const dataDir = join(directory, "data");
  await using server = await ServerProcess.start({ dataDir, env, args: ["--disk-budget", "1GiB"] });
  let connection = new KinesisConnection(server.endpoint);
  const [bulk, kept] = [new Filler(), new Filler()];
  await makeStream(connection, "kept");
  await makeStream(connection, "bulk");
  assert.equal(await kept.put(connection, "kept"), undefined);
  await bulk.fillUp(connection, "bulk");
  for (let restarts = 0; restarts < 3; restarts++) {
    connection.close();
    await server.kill("SIGKILL");
    await server.restart();
    connection = new KinesisConnection(server.endpoint);
    await bulk.check(connection, "bulk");
    await bulk.put(connection, "bulk");
  }
  await connection.call("DeleteStream", { StreamName: "bulk" });
  await settled(connection, "bulk");
  // More than fit before: space must really be freed.
  for (let calls = 0; calls < callsAfterwards; calls++) await kept.putUntilStored(connection, "kept");
  await assertHealthy(server);
  await kept.check(connection, "kept");
  connection.close();
});

test("fear: a disk that another program fills to the last block stops the log, or makes changes internal failures", async (t) => {
  using filesystem = await makeCrowdedFilesystem(t);
  const { directory, env } = filesystem;
  const dataDir = join(directory, "data");
  await using server = await ServerProcess.start({ dataDir, env, args: ["--disk-budget", "1GiB"] });
  const connection = new KinesisConnection(server.endpoint);
  const bulk = new Filler();
  await makeStream(connection, "bulk");
  await bulk.fillUp(connection, "bulk");
  const taken: string[] = [];
  // Compaction may give back some space meanwhile, which is taken as well.
  for (let refusal: unknown; refusal === undefined; ) {
    assert(taken.length < takesMax, "there is always space for a tag");
    taken.push(join(directory, `taken ${taken.length}`));
    filesystem.takeAllSpace(taken.at(-1) ?? "");
    await health(server);
    const tag = { StreamName: "bulk", Tags: { tag: String(taken.length) } };
    refusal = await connection.call("AddTagsToStream", tag).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal === undefined) continue;
    assert(refusal instanceof RefusedCall && refusal.type === "LimitExceededException", String(refusal));
    assert.match(refusal.message, /The disk of the server is full; nothing was stored\. Retry/);
  }
  assert.equal(await metric(server, "millrace_engine_wal_stopped"), 0);
  assert.match((await health(server)).degraded.join(" "), /The disk is full/);
  for (const path of taken) rmSync(path);
  for (let polls = 0; ; polls++) {
    try {
      await connection.call("DeleteStream", { StreamName: "bulk" });
      break;
    } catch (error) {
      assert(error instanceof RefusedCall && error.type === "LimitExceededException", String(error));
      assert(polls < recoveryPollsMax, "space does not come back");
      await wait(20);
    }
  }
  await settled(connection, "bulk");
  const kept = new Filler();
  await makeStream(connection, "kept");
  for (let calls = 0; calls < callsAfterwards; calls++) await kept.putUntilStored(connection, "kept");
  await kept.check(connection, "kept");
  await assertHealthy(server);
  connection.close();
});

test("fear: a disk budget that is used up throttles without a word to the operator", async () => {
  await using server = await ServerProcess.start({ args: ["--disk-budget", "24MiB"] });
  const connection = new KinesisConnection(server.endpoint);
  const [bulk, kept] = [new Filler(), new Filler()];
  await makeStream(connection, "kept");
  await makeStream(connection, "bulk");
  assert.equal(await kept.put(connection, "kept"), undefined);
  const refusal = await bulk.fillUp(connection, "bulk");
  assert.equal(refusal.type, "ProvisionedThroughputExceededException");
  assert.match(refusal.message, /^The disk budget of 25165824 bytes is used up; nothing was stored/);
  const used = await health(server);
  assert.equal(used.status, "ready");
  assert.match(
    used.degraded.join(" "),
    /^The disk budget of 25165824 bytes is used up: .* Most space is used by the streams bulk \([\d.]+ MiB\), kept \(/,
  );
  assert.equal(await metric(server, "millrace_engine_disk_budget_used_up"), 1);
  assert.match(logLines(server, diskBudgetMessage)[0] ?? "", /"severity_text":"ERROR".*"stream":"bulk"/);
  await connection.call("DeleteStream", { StreamName: "bulk" });
  await settled(connection, "bulk");
  for (let calls = 0; calls < callsAfterwards; calls++) await kept.putUntilStored(connection, "kept");
  await assertHealthy(server);
  await assertResumed(server, diskBudgetMessage);
  await kept.check(connection, "kept");
  connection.close();
});

for (const reaction of ["stay", "exit"] as const) {
  test(`fear: a log that a full disk stopped is not told of, or ends what was acknowledged (--on-fault ${reaction})`, async (t) => {
    using filesystem = await makeCrowdedFilesystem(t);
    const { directory, env } = filesystem;
    const dataDir = join(directory, "data");
    await using server = await ServerProcess.start({ dataDir, env, args: ["--on-fault", reaction] });
    let connection = new KinesisConnection(server.endpoint);
    const bulk = new Filler();
    await makeStream(connection, "bulk");
    assert.equal(await bulk.put(connection, "bulk"), undefined);
    const taken = join(directory, "taken");
    // The space is gone between two looks at the disk. If a look comes first, puts are throttled and the log goes on.
    let refusal: Refusal | undefined;
    for (let attempts = 0; refusal?.type !== "InternalFailure" && refusal?.type !== "lost"; attempts++) {
      assert(attempts < stopAttemptsMax, "the log is never stopped");
      filesystem.takeAllSpace(taken);
      refusal = await bulk.put(connection, "bulk");
      if (refusal?.type !== "ProvisionedThroughputExceededException") continue;
      rmSync(taken);
      await bulk.putUntilStored(connection, "bulk");
    }
    if (reaction === "exit") {
      assert.deepEqual(await server.exited(), { code: 3, signal: null });
    } else {
      assert.match(refusal?.message ?? "", /^The log stopped at a failed write \(ENOSPC\)/);
      const { status, durable, degraded } = await health(server);
      assert.deepEqual({ status, durable }, { status: "unavailable", durable: false });
      assert.match(degraded.join(" "), /The log stopped at a failed write \(ENOSPC\): .* restart the server/);
      assert.equal(await metric(server, "millrace_engine_wal_stopped"), 1);
      await bulk.check(connection, "bulk");
      await server.kill("SIGKILL");
    }
    const lines = logLines(server, "the write-ahead log has stopped, nothing is stored until the server is restarted");
    assert.equal(lines.length, 1);
    connection.close();

    rmSync(taken);
    await server.restart();
    connection = new KinesisConnection(server.endpoint);
    await bulk.putUntilStored(connection, "bulk");
    await bulk.check(connection, "bulk");
    await assertHealthy(server);
    connection.close();
  });
}
