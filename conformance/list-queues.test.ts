import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern } from "./support/patterns.ts";
import { activeQueue, deleteQueuesAndStream, suiteQueue } from "./support/queue-fixture.ts";
import { uniqueName } from "./support/stream-fixture.ts";

describe("ListQueues", () => {
  const other = suiteQueue();
  let stream = { StreamName: "", StreamARN: "" };
  const names: string[] = [];

  before(async () => {
    const first = await activeQueue();
    stream = { StreamName: first.StreamName, StreamARN: first.StreamARN };
    names.push(first.QueueName);
    for (let i = 0; i < 2; i++) {
      const extra = { QueueName: uniqueName("queue") };
      names.push((await activeQueue({ extra }, stream.StreamName)).QueueName);
    }
  });
  after(() => deleteQueuesAndStream(stream.StreamName, stream.StreamARN));

  testInput(
    "ListQueues",
    {},
    {
      StreamFilter: { type: "List", min: 1, max: 10000 },
      "StreamFilter[]": { type: "Structure" },
      "StreamFilter[].StreamARN": { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      "StreamFilter[].StreamCreationTimestamp": { type: "Timestamp" },
      MaxResults: { type: "Integer", min: 1, max: 10000 },
      NextToken: { type: "String", min: 1, max: 1048576 },
    },
  );

  test("ListQueues gives the queues of a stream with the stream's time of creation", async () => {
    const { StreamARN, StreamName } = stream;
    const { QueueSummaries } = await ok("ListQueues", { StreamFilter: [{ StreamARN }] });
    assert.deepEqual(QueueSummaries.map(({ QueueName }) => QueueName).sort(), names.toSorted());
    const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
    const { StreamCreationTimestamp } = StreamDescriptionSummary;
    for (const { QueueStatus, Streams, QueueARN } of QueueSummaries) {
      assert.equal(QueueStatus, "ACTIVE");
      assert.deepEqual(Streams, [{ StreamARN, StreamCreationTimestamp }]);
      assert.match(QueueARN, /:queue\//);
    }
    const named = [{ StreamARN, StreamCreationTimestamp }];
    assert.equal((await ok("ListQueues", { StreamFilter: named })).QueueSummaries.length, 3);
  });

  test("ListQueues gives the queues of all streams without a filter, and none for a stream without queues", async () => {
    const { QueueSummaries } = await ok("ListQueues", {});
    const listed = QueueSummaries.map(({ QueueName }) => QueueName);
    for (const name of [...names, other.described.QueueName]) assert.ok(listed.includes(name), name);
    const StreamFilter = [{ StreamARN: `${stream.StreamARN}-absent` }];
    assert.deepEqual(await ok("ListQueues", { StreamFilter }), { QueueSummaries: [] });
  });

  test("ListQueues pages by MaxResults and a token", async () => {
    const StreamFilter = [{ StreamARN: stream.StreamARN }];
    const first = await ok("ListQueues", { StreamFilter, MaxResults: 2 });
    assert.equal(first.QueueSummaries.length, 2);
    const second = await ok("ListQueues", { NextToken: first.NextToken });
    assert.equal("NextToken" in second, false);
    const listed = [...first.QueueSummaries, ...second.QueueSummaries].map(({ QueueName }) => QueueName);
    assert.deepEqual(listed.sort(), names.toSorted());
  });

  test("ListQueues refuses a token that it did not make", async () => {
    await assertRefusedAs("ListQueues", { NextToken: "AAAA" }, "InvalidArgumentException");
  });
});
