/**
 * What clients get when the log itself fails: the service's words, over HTTP, with a log that is made to fail. A disk that
 * cannot be written adds its reason; see test/system/full-disk.
 */
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { call, ok } from "../../conformance/support/call.ts";
import { assertSentence } from "../../conformance/support/messages.ts";
import { suiteStream } from "../../conformance/support/stream-fixture.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import { MemoryShardLog } from "../../src/engine/memory/memory-shard-log.ts";

describe("A log that fails", () => {
  const stream = suiteStream({ shards: 2 });

  async function whileAppendsFail<T>(use: () => Promise<T>): Promise<T> {
    const append = mock.method(MemoryShardLog.prototype, "appendBatch", async () => {
      throw new EngineError("corrupt", "the log is damaged");
    });
    try {
      return await use();
    } finally {
      append.mock.restore();
    }
  }

  test("PutRecords answers 200 and gives each record its failure", async () => {
    const Records = ["a", "b"].map((PartitionKey) => ({ Data: "", PartitionKey }));
    const answer = await whileAppendsFail(() => ok("PutRecords", { StreamName: stream.name, Records }));
    assert.equal(answer.FailedRecordCount, 2);
    for (const entry of answer.Records) {
      assert.deepEqual(Object.keys(entry).sort(), ["ErrorCode", "ErrorMessage"]);
      assertSentence({ type: entry.ErrorCode, message: entry.ErrorMessage }, "record-failed-internal");
    }
  });

  test("PutRecord answers 500 with a bare InternalFailure", async () => {
    const input = { StreamName: stream.name, Data: "", PartitionKey: "a" };
    const answer = await whileAppendsFail(() => call("PutRecord", input));
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.body, { __type: "InternalFailure" });
  });
});
