import assert from "node:assert/strict";
import { test } from "node:test";
import { applyReshard } from "../../../src/streams/resharding/apply-reshard.ts";
import { planMerge, planSplit } from "../../../src/streams/resharding/reshard-plan.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { decodeStream, encodeStream } from "../../../src/streams/stream-document.ts";
import { streamOf } from "./stream-of.ts";

function resharded(): Stream {
  const plan = planMerge(streamOf(3), { shardIndex: 1, adjacentShardIndex: 2 });
  return applyReshard(streamOf(3), [plan], {
    second: 1_600_000_005,
    closedMs: 6,
    ends: [2n ** 62n, 1n],
    placements: [{ log: "x", part: 3 }],
  });
}

test("every stream survives its document", () => {
  const opening = planSplit(streamOf(1), { shardIndex: 0, newStartingHashKey: 99n }).opening;
  const common = { operationId: "op", dueMs: 7 };
  const streams: readonly Stream[] = [
    streamOf(1),
    streamOf(1000),
    resharded(),
    streamOf(2, {
      tags: JSON.parse('{"__proto__": "x", "é": ""}') as Record<string, string>,
      recordDistribution: "AUTO",
    }),
    streamOf(1, { status: "CREATING", shards: [], intent: { kind: "create", ...common, createSecond: 9, opening } }),
    streamOf(1, { status: "UPDATING", intent: { kind: "reshard", ...common, closing: [0], opening } }),
    streamOf(1, { status: "UPDATING", intent: { kind: "resize", ...common, targetCount: 2 } }),
    streamOf(1, { status: "UPDATING", intent: { kind: "settle", ...common } }),
    streamOf(1, { status: "DELETING", intent: { kind: "delete", ...common } }),
  ];
  for (const stream of streams) assert.deepStrictEqual(decodeStream(encodeStream(stream)), stream);
});

test("the bytes are those that earlier servers wrote", () => {
  assert.equal(
    Buffer.from(encodeStream(resharded())).toString(),
    '{"v":1,"account":"123456789012","region":"eu-west-1","name":"orders","id":"stream-1","status":"ACTIVE","mode":"PROVISIONED","createdMs":1600000000000,"retentionHours":24,"recordKiBMax":1024,"tags":{},"nextShardIndex":4,"shards":[[0,-1,-1,"0","55555555555555555555555555555554",1600000000,{"log":0}],[1,-1,-1,"55555555555555555555555555555555","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9",1600000000,{"log":1},[1600000005,"4000000000000000",6]],[2,-1,-1,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","ffffffffffffffffffffffffffffffff",1600000000,{"log":2},[1600000005,"1",6]],[3,1,2,"55555555555555555555555555555555","ffffffffffffffffffffffffffffffff",1600000006,{"log":"x","part":3}]]}',
  );
});

test("a document of a newer version is refused with its number", () => {
  assert.throws(() => decodeStream(Buffer.from('{"v":2,"shards":[]}')), /version 2; this server reads version 1/);
});

test("what is no document is refused", () => {
  assert.throws(() => decodeStream(Buffer.from("{")), /not JSON/);
  for (const text of ["{}", "[]", "null", "1", '{"v":"1"}'])
    assert.throws(() => decodeStream(Buffer.from(text)), /version/, text);
});
