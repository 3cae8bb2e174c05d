import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { activeConsumerArn, activeStreamArn, call } from "../../support/kinesis-call.ts";
import { ShardReader } from "../../support/shard-reader.ts";
import { ServerProcess } from "../../support/start-server.ts";

interface PutRecordsAnswer {
  readonly FailedRecordCount: number;
  readonly Records: readonly { readonly SequenceNumber: string; readonly ShardId: string }[];
}

const StreamName = "pushed";
const recordBytes = 10 * 1024;
const recordsPerRequest = 20;

/** What the writer was told, by shard and in order: number and data. */
class Written {
  readonly byShard = new Map<string, { readonly sequenceNumber: bigint; readonly data: string }[]>();

  #roundCount = 0;
  #roundCountMax = Number.POSITIVE_INFINITY;

  /** Resolves when so many more requests are answered, all of which were sent from now on. */
  async rounds(count: number): Promise<void> {
    const wanted = this.#roundCount + count + 1;
    while (this.#roundCount < wanted) await pause(5);
  }

  stop(): void {
    this.#roundCountMax = this.#roundCount;
  }

  /** One request after the other until it is stopped. */
  async write(endpoint: string): Promise<void> {
    for (let round = 0; round < this.#roundCountMax; round++) {
      const Records = Array.from({ length: recordsPerRequest }, (_, i) => ({
        PartitionKey: `${round}-${i}`,
        Data: Buffer.alloc(recordBytes, `${round}/${i} `).toString("base64"),
      }));
      const answer = await call<PutRecordsAnswer>(endpoint, "PutRecords", { StreamName, Records });
      assert.equal(answer.FailedRecordCount, 0);
      for (const [i, { SequenceNumber, ShardId }] of answer.Records.entries()) {
        const records = this.byShard.get(ShardId) ?? [];
        this.byShard.set(ShardId, records);
        records.push({ sequenceNumber: BigInt(SequenceNumber), data: Records[i]?.Data ?? "" });
      }
      this.#roundCount += 1;
    }
  }

  of(shardId: string) {
    return (this.byShard.get(shardId) ?? []).toSorted((one, other) =>
      one.sequenceNumber < other.sequenceNumber ? -1 : 1,
    );
  }
}

function bodySha256(records: readonly { readonly sequenceNumber: bigint; readonly data: string }[]): string {
  const hash = createHash("sha256");
  for (const { sequenceNumber, data } of records) hash.update(`${sequenceNumber} ${data}\n`);
  return hash.digest("hex");
}

async function advance(endpoint: string, advanceMs: number): Promise<void> {
  const response = await fetch(`${endpoint}/dev/clock`, { method: "POST", body: JSON.stringify({ advanceMs }) });
  assert.equal(response.status, 200, await response.text());
}

test("twenty subscribers of one shard miss nothing and get nothing twice, across breaks and a split", async () => {
  await using server = await ServerProcess.start({ args: ["--dev"] });
  const { endpoint } = server;
  await call(endpoint, "CreateStream", { StreamName, ShardCount: 1 });
  const streamArn = await activeStreamArn(endpoint, StreamName);
  const shardId = "shardId-000000000000";
  const arns = await Promise.all(
    Array.from({ length: 20 }, (_, i) => activeConsumerArn(endpoint, streamArn, `consumer-${i}`)),
  );
  const readers = arns.map((consumerArn) => new ShardReader({ endpoint, consumerArn, shardId }));
  await Promise.all(readers.map((reader) => reader.subscribe()));
  const written = new Written();
  const writing = written.write(endpoint);
  await written.rounds(10);

  // A shard is subscribed to again five seconds after it was last; half of the readers break off and come back then.
  await advance(endpoint, 5_000);
  const breaking = readers.filter((_, i) => i % 2 === 0);
  await Promise.all(breaking.map((reader) => reader.breakOff()));
  await Promise.all(breaking.map((reader) => reader.subscribe()));
  await written.rounds(10);
  await call(endpoint, "SplitShard", { StreamName, ShardToSplit: shardId, NewStartingHashKey: String(2n ** 127n) });

  await Promise.all(readers.map((reader) => reader.ended));
  await written.rounds(10);
  written.stop();
  await writing;
  const expected = written.of(shardId);
  for (const [i, reader] of readers.entries()) {
    assert.deepEqual(reader.children, ["shardId-000000000001", "shardId-000000000002"], `reader ${i}`);
    assert.equal(reader.count, expected.length, `reader ${i}`);
    assert.equal(reader.digest(), bodySha256(expected), `reader ${i}`);
  }

  // The children go on where the parent ended: what both parts hold is everything that was written.
  const [first = ""] = arns;
  for (const child of readers[0]?.children ?? []) {
    const all = written.of(child);
    const read = Promise.withResolvers<void>();
    const reader: ShardReader = new ShardReader({ endpoint, consumerArn: first, shardId: child }, () => {
      if (reader.count >= all.length) read.resolve();
    });
    await reader.subscribe();
    await read.promise;
    assert.equal(reader.digest(), bodySha256(all), child);
    await reader.breakOff();
  }
});
