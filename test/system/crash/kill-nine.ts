/**
 * Kills the server, with all its process group, with SIGKILL at random moments while eight connections write to it and files
 * of its log, kept small by a small disk budget, are sealed; starts it again on the same data directory, and reads
 * everything back:
 *   - no acknowledged record is lost or changed, nor one that a reader had already seen;
 *   - none is out of order within its shard, none is there twice;
 *   - no sequence number is given twice, over all rounds;
 *   - streams, shards and tags are as agreed, and no change of them is left half done.
 * Some rounds kill the server again while it recovers. The last round stops it properly. Half of the directories are encrypted.
 *
 *   npm run test:crash -- [--rounds 500] [--seed NUMBER]
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KinesisConnection } from "../../support/kinesis-connection.ts";
import { followUntilLost, type GetRecordsAnswer, streamName, Writer } from "../../support/load-actors.ts";
import { type ReadRecord, RecordHistory } from "../../support/record-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { listShards, StreamChanger, settled } from "../../support/stream-changer.ts";

export interface KillNineOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Called after every round with one line about it. */
  readonly report: (line: string) => void;
}

const writerCount = 8;
const shardCount = 4;
const loadMsMin = 20;
const loadMsMax = 400;
const changingShare = 0.6;
const killedRecoveryShare = 0.25;
const killedRecoveryMsMax = 300;
const encryptedShare = 0.5;
/** Then a new, empty directory: everything is read back after every round, which must not become the whole work. */
const roundsPerDirectory = 10;
/** Files of the log are an eighth of it, and so is what may wait to be sealed. */
const diskBudget = "40MiB";

/** Throws at the first broken promise; the data directory is then kept and named in the error. */
export async function killNine({ rounds, seed, report }: KillNineOptions): Promise<void> {
  const random = new SeededRandom(seed);
  for (let done = 0; done < rounds; done += roundsPerDirectory) {
    const parent = await mkdtemp(join(tmpdir(), "millrace-kill-nine-"));
    const dataDir = join(parent, "data");
    const encrypted = random.next() < encryptedShare;
    const count = Math.min(roundsPerDirectory, rounds - done);
    report(`rounds ${done + 1} to ${done + count}: ${encrypted ? "an encrypted directory" : "a plain directory"}`);
    try {
      await runDirectory({ dataDir, encrypted, random, firstRound: done + 1, rounds: count, report });
    } catch (error) {
      throw new Error(`broken with seed ${seed}; the data directory is kept: ${dataDir}`, { cause: error });
    }
    // With the keyring, which lies beside it.
    await rm(parent, { recursive: true });
  }
}

interface DirectoryRun {
  readonly dataDir: string;
  readonly encrypted: boolean;
  readonly random: SeededRandom;
  readonly firstRound: number;
  readonly rounds: number;
  readonly report: (line: string) => void;
}

async function runDirectory(run: DirectoryRun): Promise<void> {
  const { dataDir, encrypted, random, firstRound, rounds, report } = run;
  const args = ["--disk-budget", diskBudget, ...(encrypted ? ["--encrypt-at-rest"] : [])];
  await using server = await ServerProcess.start({ dataDir, args });
  const history = new RecordHistory();
  const changer = new StreamChanger(random.fork());
  const writers = Array.from({ length: writerCount }, (_, index) => new Writer(index, random.fork(), history));
  const connection = new KinesisConnection(server.endpoint);
  await connection.call("CreateStream", { StreamName: streamName, ShardCount: shardCount });
  assert.equal(await settled(connection, streamName), "ACTIVE");
  connection.close();
  for (let round = firstRound; round < firstRound + rounds; round++) {
    await loadAndKill(server, { random, history, changer, writers });
    const recoveryKills = await restartThroughKills(server, random);
    const readCount = await verify(server, { history, changer });
    const again = recoveryKills === 0 ? "" : `, killed again ${recoveryKills} times while it recovered`;
    const segments = `${await segmentCount(dataDir)} segments`;
    report(`round ${round}: ${readCount} records read, ${history.promisedCount} promised, ${segments}${again}`);
  }
  assert.deepEqual(await server.kill("SIGTERM"), { code: 0, signal: null }, server.stderr);
  await server.restart();
  await verify(server, { history, changer });
}

/** How much has been sealed so far. */
async function segmentCount(dataDir: string): Promise<number> {
  const names = await readdir(dataDir, { recursive: true });
  return names.filter((name) => name.endsWith(".segment")).length;
}

interface Actors {
  readonly random: SeededRandom;
  readonly history: RecordHistory;
  readonly changer: StreamChanger;
  readonly writers: readonly Writer[];
}

async function loadAndKill(server: ServerProcess, { random, history, changer, writers }: Actors): Promise<void> {
  const { endpoint } = server;
  const control = new KinesisConnection(endpoint);
  const shardIds = (await listShards(control, streamName)).map((shard) => shard.ShardId);
  control.close();
  const actors = writers.map((writer) => writer.writeUntilLost(endpoint));
  actors.push(followUntilLost(endpoint, { shardIds, history }));
  if (random.next() < changingShare) actors.push(changer.changeUntilLost(new KinesisConnection(endpoint)));
  const killed = wait(random.integer(loadMsMin, loadMsMax)).then(() => server.kill("SIGKILL"));
  await Promise.all([...actors, killed]);
}

/** Sometimes the server is killed again before it is ready, which must not make anything worse. */
async function restartThroughKills(server: ServerProcess, random: SeededRandom): Promise<number> {
  let kills = 0;
  for (; random.next() < killedRecoveryShare; kills++) {
    server.launch();
    await wait(random.integer(0, killedRecoveryMsMax));
    await server.kill("SIGKILL");
  }
  await server.restart();
  return kills;
}

async function verify(
  server: ServerProcess,
  { history, changer }: { readonly history: RecordHistory; readonly changer: StreamChanger },
): Promise<number> {
  const connection = new KinesisConnection(server.endpoint);
  try {
    await changer.check(connection);
    const shards = new Map<string, readonly ReadRecord[]>();
    for (const { ShardId } of await listShards(connection, streamName)) {
      shards.set(ShardId, await readShard(connection, ShardId));
    }
    history.seeWhole(shards);
    return [...shards.values()].reduce((sum, records) => sum + records.length, 0);
  } finally {
    connection.close();
  }
}

/** From TRIM_HORIZON to the tip. */
export async function readShard(connection: KinesisConnection, shardId: string): Promise<readonly ReadRecord[]> {
  const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
  const first = await connection.call<{ readonly ShardIterator: string }>("GetShardIterator", input);
  const records: ReadRecord[] = [];
  for (let iterator: string | undefined = first.ShardIterator; iterator !== undefined; ) {
    const page: GetRecordsAnswer = await connection.call("GetRecords", { ShardIterator: iterator });
    records.push(...page.Records);
    const isAtTip = page.Records.length === 0 && page.MillisBehindLatest === 0;
    iterator = isAtTip ? undefined : page.NextShardIterator;
  }
  return records;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "500" }, seed: { type: "string" } } });
  const seed = Number(values.seed ?? Date.now() % 2 ** 32);
  console.log(`seed ${seed}`);
  await killNine({ rounds: Number(values.rounds), seed, report: (line) => console.log(line) });
}
