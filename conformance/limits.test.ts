import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { call, ok, refusalOf } from "./support/call.ts";
import { assertSentence } from "./support/messages.ts";
import { iteratorAt } from "./support/read-shard.ts";
import { account, suiteStream, untilActive } from "./support/stream-fixture.ts";

const answered = { pace: "limited", throttled: "answer" } as const;
const triesMax = 50;

describe("Limits", () => {
  const stream = suiteStream({ shards: 2, pace: "limited" });
  const values = async () => ({ stream: stream.name, account: await account() });

  /** Calls until it is refused, which has to be soon. */
  async function untilRefused(operation: string, input: () => Promise<object>) {
    for (let i = 0; i < triesMax; i++) {
      const answer = await call(operation, await input(), answered);
      if (answer.status !== 200) return refusalOf(answer);
    }
    return assert.fail(`${operation} was not refused in ${triesMax} calls`);
  }

  test("a shard takes one MiB a second, and refuses more by its name", async () => {
    const Data = Buffer.alloc(1_000_000).toString("base64");
    const input = { StreamName: stream.name, Data, PartitionKey: "a", ExplicitHashKey: "0" };
    const refusal = await untilRefused("PutRecord", async () => input);
    assertSentence(refusal, "shard-rate", { ...(await values()), shard: "shardId-000000000000" });
  });

  test("PutRecords throttles single records, while those of other shards are stored", async () => {
    const Data = Buffer.alloc(700_000).toString("base64");
    const big = Array.from({ length: 5 }, () => ({ Data, PartitionKey: "a", ExplicitHashKey: "0" }));
    const small = { Data: "", PartitionKey: "a", ExplicitHashKey: (2n ** 128n - 1n).toString() };
    const input = { StreamName: stream.name, Records: [...big, small] };
    const { Records, FailedRecordCount } = await ok("PutRecords", input, answered);
    const failed = Records.filter(({ ErrorCode }) => ErrorCode !== undefined);
    assert.equal(FailedRecordCount, failed.length);
    assert.ok(failed.length > 0);
    for (const entry of failed) {
      assert.deepEqual(Object.keys(entry).sort(), ["ErrorCode", "ErrorMessage"]);
      const refusal = { type: entry.ErrorCode, message: entry.ErrorMessage };
      assertSentence(refusal, "shard-rate", { ...(await values()), shard: "shardId-000000000000" });
    }
    assert.deepEqual(Object.keys(Records.at(-1) ?? {}).sort(), ["SequenceNumber", "ShardId"]);
  });

  test("a shard is read five times a second", async () => {
    const ShardIterator = await iteratorAt({ StreamName: stream.name, ShardId: "1" }, "limited");
    const refusal = await untilRefused("GetRecords", async () => ({ ShardIterator }));
    assertSentence(refusal, "shard-read-rate", { ...(await values()), shard: "shardId-000000000001" });
  });

  test("an account's calls have a rate, and the refusal says so first of all", async () => {
    const { type, message = "" } = await untilRefused("DescribeLimits", async () => ({}));
    assert.equal(type, "LimitExceededException");
    assert.match(message, /^Rate exceeded/);
  });

  test("a stream's mode switches twice a day", async () => {
    const input = (StreamMode: string) => ({ StreamARN: stream.arn, StreamModeDetails: { StreamMode } });
    for (const mode of ["ON_DEMAND", "PROVISIONED"]) {
      await ok("UpdateStreamMode", input(mode), { pace: "limited" });
      await untilActive(stream.name, "limited");
    }
    const third = await call("UpdateStreamMode", input("ON_DEMAND"), answered);
    assertSentence(refusalOf(third), "control-rate", await values());
  });
});
