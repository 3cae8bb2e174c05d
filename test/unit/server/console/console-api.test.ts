import assert from "node:assert/strict";
import { test } from "node:test";
import { refusedByMode } from "../../../../src/server/console/console-api.ts";

const call = (operation: string) => ({ "x-amz-target": `Kinesis_20131202.${operation}` });

test("a read-only console lets operations through that change nothing", () => {
  const reading = ["ListStreams", "DescribeStreamSummary", "GetRecords", "GetResourcePolicy", "SubscribeToShard"];
  for (const operation of reading) {
    assert.equal(refusedByMode(call(operation), { mode: "read-only" }), undefined, operation);
  }
});

test("a read-only console refuses all others, and what names no operation", () => {
  const changing = ["PutRecord", "DeleteStream", "SplitShard", "TagResource", "UpdateShardCount", "Nothing"];
  for (const operation of changing) {
    assert.equal(refusedByMode(call(operation), { mode: "read-only" })?.status, 403, operation);
  }
  assert.equal(refusedByMode({}, { mode: "read-only" })?.status, 403);
  assert.equal(refusedByMode(call("DeleteStream"), { mode: "on" }), undefined);
});
