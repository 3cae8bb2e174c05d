import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeSequenceNumber,
  endingSequenceNumber,
  startingSequenceNumber,
} from "../../../../src/streams/positions/sequence-number.ts";
import { type StartingMembers, startingPositionOf } from "../../../../src/streams/positions/starting-position.ts";
import type { Shard } from "../../../../src/streams/stream.ts";
import { sequenceNumberAt } from "../../../support/sequence-number-at.ts";
import { createdMs, serviceError, streamOf } from "../stream-of.ts";

const stream = streamOf(2);
const shard: Shard = {
  index: 1,
  startingHashKey: 0n,
  endingHashKey: 1n,
  createSecond: createdMs / 1000,
  placement: {},
};
const place = (members: StartingMembers, of: Shard = shard) => startingPositionOf(members, stream, of, 5000);
const number = (position: bigint) => sequenceNumberAt(shard, { position, timeMs: createdMs }).toString();

function refuses(members: StartingMembers, type: string, message: string | RegExp): void {
  assert.throws(() => place(members), serviceError(type, message));
}

test("each type starts where its name says", () => {
  assert.deepEqual(place({ ShardIteratorType: "TRIM_HORIZON" }), { at: "trim-horizon" });
  assert.deepEqual(place({ ShardIteratorType: "LATEST" }), { at: "latest" });
  assert.deepEqual(place({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: 5000 }), { at: "time", timeMs: 5000 });
  const StartingSequenceNumber = number(7n);
  assert.deepEqual(place({ ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber }), {
    at: "position",
    position: 7n,
  });
  assert.deepEqual(place({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber }), {
    at: "position",
    position: 8n,
  });
});

test("the ends of a shard's range are places within its log", () => {
  const at = (StartingSequenceNumber: string, of: Shard) => [
    place({ ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber }, of),
    place({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber }, of),
  ];
  const first = { at: "position", position: 1n };
  assert.deepEqual(at(startingSequenceNumber(shard), shard), [first, first]);
  const closed = { ...shard, closed: { second: createdMs / 1000, end: 9n, closedMs: createdMs } };
  const end = { at: "position", position: 9n };
  assert.deepEqual(at(endingSequenceNumber(shard, createdMs / 1000), closed), [end, end]);
});

test("members that do not go together are refused in AWS's words", () => {
  const either =
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified";
  for (const ShardIteratorType of ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"] as const) {
    refuses(
      { ShardIteratorType },
      "InvalidArgumentException",
      `${either} ${ShardIteratorType} and no StartingSequenceNumber.`,
    );
  }
  for (const ShardIteratorType of ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"] as const) {
    refuses(
      { ShardIteratorType, StartingSequenceNumber: "nonsense" },
      "InvalidArgumentException",
      `${either} ${ShardIteratorType} and also a StartingSequenceNumber.`,
    );
  }
  refuses(
    { ShardIteratorType: "AT_TIMESTAMP" },
    "InvalidArgumentException",
    /^Must specify timestampInMillis parameter/,
  );
  refuses(
    { ShardIteratorType: "AT_TIMESTAMP", Timestamp: 5001 },
    "InvalidArgumentException",
    /timestampInMillis: 5001, currentTimestampInMillis: 5000$/,
  );
});

test("a number is judged by form, then shard, then stream", () => {
  const at = (StartingSequenceNumber: string): StartingMembers => ({
    ShardIteratorType: "AT_SEQUENCE_NUMBER",
    StartingSequenceNumber,
  });
  const parts = { createSecond: shard.createSecond, shardIndex: 1, position: 1n, second: shard.createSecond };
  const type = "InvalidArgumentException";
  refuses(
    at("123456789012345678901234567890123456789012"),
    type,
    /used in GetShardIterator on shard shardId-000000000001 in stream orders under account 123456789012 is invalid\.$/,
  );
  refuses(
    at(encodeSequenceNumber({ ...parts, shardIndex: -2147483648, createSecond: 1 }).toString()),
    type,
    "Invalid StartingSequenceNumber. It encodes shardId--02147483648, while it was used in a call to a shard with shardId-000000000001",
  );
  refuses(
    at(encodeSequenceNumber({ ...parts, createSecond: 1 }).toString()),
    type,
    /because it did not come from this stream\.$/,
  );
});

test("a number of the oldest version is answered as AWS answers it: InternalFailure", () => {
  const zero = { ...shard, index: 0 };
  assert.throws(
    () => place({ ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: "0" }, zero),
    serviceError("InternalFailure", ""),
  );
});
