import assert from "node:assert/strict";
import { test } from "node:test";
import { lastSecondUsed } from "../../../../src/streams/resharding/last-second.ts";
import { createdMs, streamOf } from "../stream-of.ts";

test("lastSecondUsed() is the latest of clock, create seconds and closes", () => {
  const stream = streamOf(2);
  const second = createdMs / 1000;
  assert.equal(lastSecondUsed(stream, createdMs + 5999), second + 5);
  assert.equal(lastSecondUsed(stream, 0), second);
  const [first, ...others] = stream.shards;
  assert.ok(first !== undefined);
  const closed = { ...first, closed: { second: second + 9, end: 1n, closedMs: 0 } };
  assert.equal(lastSecondUsed({ ...stream, shards: [closed, ...others] }, 0), second + 9);
});

test("a stream deleted while CREATING has used its planned create second", () => {
  const intent = { kind: "create", operationId: "o", dueMs: 0, createSecond: 77, opening: [] } as const;
  assert.equal(lastSecondUsed({ ...streamOf(1), shards: [], intent }, 0), 77);
});

test("lastSecondUsed() counts the ARNs of consumers, present and gone", () => {
  const second = createdMs / 1000;
  const consumer = { name: "reader", createdMs: createdMs + 7_999, status: "ACTIVE", tags: {} } as const;
  assert.equal(lastSecondUsed(streamOf(1, { consumers: [consumer] }), createdMs), second + 7);
  assert.equal(lastSecondUsed(streamOf(1, { consumerSecondUsed: second + 9 }), createdMs), second + 9);
});
