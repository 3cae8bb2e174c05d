/** Those who work on a queue until its server dies: workers that receive and acknowledge at random, and one who puts. */
import { setTimeout as wait } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "./kinesis-connection.ts";
import { activeQueueArn, type EntryResults, entriesOf } from "./queue-call.ts";
import type { QueueHistory } from "./queue-history.ts";
import type { SeededRandom } from "./seeded-random.ts";

interface GivenRecord {
  readonly ReceiptHandle: string;
  readonly RecordId: string;
  readonly ReceiveCount: number;
}

interface Received {
  readonly QueueRecords: readonly GivenRecord[];
}

const StreamName = "orders";
const workerCount = 8;
export const receiveCountMax = 3;
/** Records that the workers have not acknowledged yet, before the producer waits for them. */
const backlogMax = 500;
const backlogPauseMs = 20;
const reconnectMs = 50;
/** A receive that waits so often in vain has nothing left to come. */
const emptyRoundsMax = 3;
const kinds = { live: "", dead: "DeadLetter" } as const;

export interface QueueActorsOptions {
  readonly random: SeededRandom;
  readonly history: QueueHistory;
  /** The server that the next connection goes to. */
  readonly endpoint: () => string;
}

/** Eight workers and a producer on one queue. What they see goes into a history. */
export class QueueActors {
  readonly #random: SeededRandom;
  readonly #history: QueueHistory;
  readonly #endpoint: () => string;
  #queueArn = "";
  #acting: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #killCount = 0;
  #storedCount = 0;
  #faultCount = 0;

  constructor({ random, history, endpoint }: QueueActorsOptions) {
    this.#random = random;
    this.#history = history;
    this.#endpoint = endpoint;
  }

  /** Calls that the server answered with a fault of its own. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /** Makes the stream and the queue. */
  async create(): Promise<void> {
    this.#queueArn = await activeQueueArn(this.#endpoint(), StreamName, {
      DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: receiveCountMax },
    });
  }

  start(): void {
    this.#isOver = false;
    this.#acting = Promise.all([
      ...Array.from({ length: workerCount }, () => this.#untilOver((...to) => this.#work(...to))),
      this.#untilOver((...to) => this.#put(...to)),
    ]);
    // `stop()` rejects with it.
    this.#acting.catch(() => undefined);
  }

  /** Resolves when the calls that are under way have ended. Rejects if one was refused. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#acting;
  }

  /** What the queue had in flight is visible again, and calls that are under way may have met it before or afterwards. */
  killed(): void {
    this.#killCount += 1;
    this.#history.crashed();
  }

  /** Receives and acknowledges all, dead letters too, until nothing comes any more. */
  async drain(): Promise<void> {
    await Promise.all(Array.from({ length: workerCount }, () => this.#drainOne()));
  }

  async #put(connection: KinesisConnection, random: SeededRandom): Promise<void> {
    const Records = Array.from({ length: random.integer(1, 60) }, (_, i) => ({
      Data: Buffer.from(`record ${i}`).toString("base64"),
      PartitionKey: `${random.integer(0, 1_000_000)}`,
    }));
    const { Records: stored } = await connection.call<{
      readonly Records: readonly { readonly SequenceNumber?: string }[];
    }>("PutRecords", { StreamName, Records });
    for (const { SequenceNumber } of stored) {
      if (SequenceNumber === undefined) continue;
      this.#history.stored(SequenceNumber);
      this.#storedCount += 1;
    }
    await wait(random.integer(0, 20));
    while (!this.#isOver && this.#storedCount - this.#history.acknowledgedCount > backlogMax)
      await wait(backlogPauseMs);
  }

  async #work(connection: KinesisConnection, random: SeededRandom): Promise<void> {
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
  }

  async #receive(
    connection: KinesisConnection,
    kind: keyof typeof kinds,
    input: { readonly Limit: number; readonly VisibilityTimeoutSeconds: number },
  ): Promise<readonly GivenRecord[]> {
    const killCount = this.#killCount;
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
      // Given before the kill, it is visible again.
      if (killCount !== this.#killCount) this.#history.mayBeVisible(recordId);
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
    const { Successful } = await connection.call<EntryResults>(`Acknowledge${kinds[kind]}QueueRecords`, {
      QueueARN: this.#queueArn,
      Entries: entriesOf(records),
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
    await connection.call<EntryResults>(`Update${kinds[kind]}QueueRecordsVisibility`, {
      QueueARN: this.#queueArn,
      Entries: records.map(({ ReceiptHandle }) => ({ ReceiptHandle, VisibilityTimeoutSeconds: 0 })),
    });
  }

  async #restore(connection: KinesisConnection, records: readonly GivenRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (const { RecordId } of records) this.#history.mayBeVisible(RecordId);
    await connection.call<EntryResults>("RestoreDeadLetterQueueRecords", {
      QueueARN: this.#queueArn,
      Entries: entriesOf(records),
    });
  }

  async #drainOne(): Promise<void> {
    const connection = new KinesisConnection(this.#endpoint());
    for (let emptyRounds = 0; emptyRounds < emptyRoundsMax; ) {
      emptyRounds += 1;
      for (const kind of ["live", "dead"] as const) {
        const records = await this.#receive(connection, kind, { Limit: 10, VisibilityTimeoutSeconds: 60 });
        await this.#acknowledge(connection, kind, records);
        if (records.length > 0) emptyRounds = 0;
      }
    }
    connection.close();
  }

  /** Calls that are lost, or that the server fails by its own fault, end a connection; another one goes on. */
  async #untilOver(act: (connection: KinesisConnection, random: SeededRandom) => Promise<void>): Promise<void> {
    const random = this.#random.fork();
    while (!this.#isOver) {
      const connection = new KinesisConnection(this.#endpoint());
      try {
        while (!this.#isOver) await act(connection, random);
      } catch (error) {
        if (error instanceof RefusedCall && error.status >= 500) this.#faultCount += 1;
        else if (!(error instanceof LostCall)) throw error;
        await wait(reconnectMs);
      } finally {
        connection.close();
      }
    }
  }
}
