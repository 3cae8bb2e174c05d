import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { startCli } from "../../support/run-cli.ts";
import { kinesisAt } from "./copy-records.ts";

const ratePerSecond = 5_000;
const batchRecords = 250;
const batches = 60;

for (const how of ["GetRecords", "SubscribeToShard"]) {
  test(`tail by ${how} follows a split and a merge without gap, repeat or disorder beside 5,000 records a second`, async () => {
    await using millrace = await startMillrace({ stream: "orders:2" });
    const kinesis = kinesisAt(millrace.endpoint);
    const efo = how === "GetRecords" ? [] : ["--efo", "tail"];
    const records = batches * batchRecords;
    const args = ["tail", "orders", "--from", "oldest", "-n", String(records), "-f", "{data}", ...efo];
    const child = startCli(args, { endpoint: millrace.endpoint });
    child.stderr.resume();
    const exit = once(child, "exit");
    const put = putAtRate(async (first) => {
      const Records = Array.from({ length: batchRecords }, (_, offset) => {
        const index = first + offset;
        return { PartitionKey: `key-${index % 100}`, Data: Buffer.from(`${index % 100} ${index}`) };
      });
      const { FailedRecordCount } = await kinesis.putRecords({ StreamName: "orders", Records });
      assert.equal(FailedRecordCount, 0);
    });
    const reshard = async () => {
      await pause(700);
      await kinesis.splitShard({
        StreamName: "orders",
        ShardToSplit: "shardId-000000000000",
        NewStartingHashKey: String(1n << 126n),
      });
      await pause(900);
      await kinesis.mergeShards({
        StreamName: "orders",
        ShardToMerge: "shardId-000000000003",
        AdjacentShardToMerge: "shardId-000000000001",
      });
    };
    const lastOfKey = new Map<string, number>();
    let seen = 0;
    const reading = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const [key = "", index] = line.split(" ");
        // The next of a key, neither one that was there nor one further on.
        assert.equal(Number(index), (lastOfKey.get(key) ?? Number(key) - 100) + 100);
        lastOfKey.set(key, Number(index));
        seen++;
      }
    })();
    await Promise.all([put, reshard(), reading]);
    assert.deepEqual([seen, (await exit)[0]], [records, 0]);
    kinesis.destroy();
  });
}

async function putAtRate(putBatch: (first: number) => Promise<void>): Promise<void> {
  const startMs = performance.now();
  for (let batch = 0; batch < batches; batch++) {
    await putBatch(batch * batchRecords);
    const dueMs = startMs + ((batch + 1) * batchRecords * 1000) / ratePerSecond;
    await pause(Math.max(0, dueMs - performance.now()));
  }
}
