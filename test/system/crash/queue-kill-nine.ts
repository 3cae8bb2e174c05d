/**
 * Kills the server with SIGKILL at random moments while eight workers receive from a queue, acknowledge at random, give back,
 * and look at dead letters, and others put; starts it again on the same data directory and goes on. What the workers saw is
 * judged by `QueueHistory`; at the end everything that is still owed has to come.
 *
 *   node test/system/crash/queue-kill-nine.ts [--rounds 100] [--seed NUMBER]
 */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KinesisConnection, LostCall } from "../../support/kinesis-connection.ts";
import { QueueHistory } from "../../support/queue-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";

export interface QueueKillNineOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Called after every round with one line about it. */
  readonly report: (line: string) => void;
}

interface GivenRecord {
  readonly ReceiptHandle: string;
  readonly RecordId: string;
  readonly ReceiveCount: number;
}

interface Received {
  readonly QueueRecords: readonly GivenRecord[];
}

interface Answered {
  readonly Successful: readonly { readonly ReceiptHandle: string }[];
  readonly Failed: readonly { readonly ReceiptHandle: string; readonly ErrorCode: string }[];
}

const StreamName = "orders";
const workerCount = 8;
const receiveCountMax = 3;
const loadMsMin = 100;
const loadMsMax = 900;
/** Then a new, empty directory. */
const roundsPerDirectory = 20;
const kinds = { live: "", dead: "DeadLetter" } as const;

/** Throws at the first broken promise. Returns the number of records that were acknowledged. */
export async function queueKillNine({ rounds, seed, report }: QueueKillNineOptions): Promise<number> {
  const random = new SeededRandom(seed);
  let acknowledged = 0;
  for (let done = 0; done < rounds; done += roundsPerDirectory) {
    const run = new Run(random.fork());
    acknowledged += await run.run(Math.min(roundsPerDirectory, rounds - done), (line) => report(`${done}+${line}`));
  }
  return acknowledged;
}

class Run {
  readonly #random: SeededRandom;
  readonly #history = new QueueHistory(receiveCountMax);
  #queueArn = "";

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run(rounds: number, report: (line: string) => void): Promise<number> {
    await using server = await ServerProcess.start({ args: ["--log-level", "warn"] });
    await this.#create(server.endpoint);
    for (let round = 1; round <= rounds; round += 1) {
      const actors = Array.from({ length: workerCount }, () => this.#work(server.endpoint, this.#random.fork()));
      actors.push(this.#put(server.endpoint, this.#random.fork()));
      const killed = wait(this.#random.integer(loadMsMin, loadMsMax)).then(() => server.kill("SIGKILL"));
      await Promise.all([...actors, killed]);
      this.#history.crashed();
      await server.restart();
      assert.deepEqual(this.#history.violations, [], server.stderr);
      const { deliveryCount, acknowledgedCount } = this.#history;
      report(`round ${round}: ${deliveryCount} deliveries, ${acknowledgedCount} acknowledged`);
    }
    await this.#drain(server.endpoint);
    this.#history.checkDrained();
    assert.deepEqual(this.#history.violations, [], server.stderr);
    return this.#history.acknowledgedCount;
  }

  async #create(endpoint: string): Promise<void> {
    const connection = new KinesisConnection(endpoint);
    await connection.call("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
    const StreamARN = await until(async () => {
      const { StreamDescriptionSummary: summary } = await connection.call<{
        readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly StreamARN: string };
      }>("DescribeStreamSummary", { StreamName });
      return summary.StreamStatus === "ACTIVE" ? summary.StreamARN : undefined;
    });
    const created = await connection.call<{ readonly QueueDescription: { readonly QueueARN: string } }>("CreateQueue", {
      QueueName: "work",
      StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "TRIM_HORIZON" } }],
      QueueAttributes: {
        DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: receiveCountMax },
      },
    });
    this.#queueArn = created.QueueDescription.QueueARN;
    await until(async () => {
      const { QueueDescription } = await connection.call<{
        readonly QueueDescription: { readonly QueueStatus: string };
      }>("DescribeQueue", { QueueARN: this.#queueArn });
      return QueueDescription.QueueStatus === "ACTIVE" ? true : undefined;
    });
    connection.close();
  }

  /** Until the server is gone. */
  async #put(endpoint: string, random: SeededRandom): Promise<void> {
    await untilLost(endpoint, async (connection) => {
      const Records = Array.from({ length: random.integer(1, 60) }, (_, i) => ({
        Data: Buffer.from(`record ${i}`).toString("base64"),
        PartitionKey: `${random.integer(0, 1_000_000)}`,
      }));
      const { Records: stored } = await connection.call<{
        readonly Records: readonly { readonly SequenceNumber?: string }[];
      }>("PutRecords", { StreamName, Records });
      for (const { SequenceNumber } of stored) if (SequenceNumber !== undefined) this.#history.stored(SequenceNumber);
      await wait(random.integer(0, 20));
    });
  }

  async #work(endpoint: string, random: SeededRandom): Promise<void> {
    await untilLost(endpoint, async (connection) => {
      const kind = random.next() < 0.85 ? "live" : "dead";
      const records = await this.#receive(connection, kind, {
        Limit: random.integer(1, 10),
        VisibilityTimeoutSeconds: random.integer(1, 3),
      });
      const some = (share: number) => records.filter(() => random.next() < share);
      const dice = random.next();
      if (dice < 0.7) await this.#acknowledge(connection, kind, some(0.9));
      else if (dice < 0.85) await this.#giveBack(connection, kind, some(0.5));
      else if (kind === "dead") await this.#restore(connection, some(0.5));
    });
  }

  async #receive(
    connection: KinesisConnection,
    kind: keyof typeof kinds,
    input: { readonly Limit: number; readonly VisibilityTimeoutSeconds: number },
  ): Promise<readonly GivenRecord[]> {
    const sentAt = performance.now();
    const { QueueRecords } = await connection.call<Received>(`Receive${kinds[kind]}QueueRecords`, {
      QueueARN: this.#queueArn,
      WaitTimeSeconds: 1,
      ...input,
    });
    const gotAt = performance.now();
    for (const { RecordId: recordId, ReceiveCount: receiveCount } of QueueRecords) {
      const untilAt = sentAt + input.VisibilityTimeoutSeconds * 1000;
      this.#history.received({ recordId, kind, receiveCount, sentAt, gotAt, untilAt });
    }
    return QueueRecords;
  }

  async #acknowledge(
    connection: KinesisConnection,
    kind: keyof typeof kinds,
    records: readonly GivenRecord[],
  ): Promise<void> {
    if (records.length === 0) return;
    for (const { RecordId } of records) this.#history.acknowledging(RecordId);
    const { Successful } = await connection.call<Answered>(`Acknowledge${kinds[kind]}QueueRecords`, {
      QueueARN: this.#queueArn,
      Entries: records.map(({ ReceiptHandle }) => ({ ReceiptHandle })),
    });
    const answeredAt = performance.now();
    const successful = new Set(Successful.map(({ ReceiptHandle }) => ReceiptHandle));
    for (const { RecordId, ReceiptHandle } of records) {
      if (successful.has(ReceiptHandle)) this.#history.acknowledged(RecordId, answeredAt);
    }
  }

  async #giveBack(
    connection: KinesisConnection,
    kind: keyof typeof kinds,
    records: readonly GivenRecord[],
  ): Promise<void> {
    if (records.length === 0) return;
    for (const { RecordId } of records) this.#history.mayBeVisible(RecordId);
    await connection.call<Answered>(`Update${kinds[kind]}QueueRecordsVisibility`, {
      QueueARN: this.#queueArn,
      Entries: records.map(({ ReceiptHandle }) => ({ ReceiptHandle, VisibilityTimeoutSeconds: 0 })),
    });
  }

  async #restore(connection: KinesisConnection, records: readonly GivenRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (const { RecordId } of records) this.#history.mayBeVisible(RecordId);
    await connection.call<Answered>("RestoreDeadLetterQueueRecords", {
      QueueARN: this.#queueArn,
      Entries: records.map(({ ReceiptHandle }) => ({ ReceiptHandle })),
    });
  }

  /** Receives and acknowledges all, dead letters too, until nothing comes any more. */
  async #drain(endpoint: string): Promise<void> {
    const drainOne = async (): Promise<void> => {
      const connection = new KinesisConnection(endpoint);
      for (let isEmpty = false; !isEmpty; ) {
        isEmpty = true;
        for (const kind of ["live", "dead"] as const) {
          const records = await this.#receive(connection, kind, { Limit: 10, VisibilityTimeoutSeconds: 60 });
          await this.#acknowledge(connection, kind, records);
          if (records.length > 0) isEmpty = false;
        }
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: workerCount }, drainOne));
  }
}

async function untilLost(endpoint: string, act: (connection: KinesisConnection) => Promise<void>): Promise<void> {
  const connection = new KinesisConnection(endpoint);
  try {
    for (;;) await act(connection);
  } catch (error) {
    if (!(error instanceof LostCall)) throw error;
  } finally {
    connection.close();
  }
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(20);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "100" }, seed: { type: "string" } } });
  const seed = Number(values.seed ?? Date.now() % 2 ** 32);
  console.log(`seed ${seed}`);
  await queueKillNine({ rounds: Number(values.rounds), seed, report: (line) => console.log(line) });
}
