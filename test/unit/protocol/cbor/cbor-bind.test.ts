import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inputShapes } from "../../../../src/model/constraints.generated.ts";
import { parseUntrustedJson } from "../../../../src/model/parse-untrusted-json.ts";
import { type OperationName, operationNames } from "../../../../src/model/shapes.generated.ts";
import type { BoundStructure } from "../../../../src/model/validate.ts";
import { readStructure } from "../../../../src/protocol/cbor/cbor-bind.ts";
import { CborReader } from "../../../../src/protocol/cbor/cbor-reader.ts";
import { bindStructure } from "../../../../src/protocol/json/json-bind.ts";
import { anyFormOf, drawsFrom, Time } from "../../../support/cbor-forms.ts";
import { jsonOf } from "../../../support/json-form.ts";
import { outcome } from "../columns-content.ts";
import { oracleEncode } from "../oracle.ts";
import { inputOf } from "../values-of-shape.ts";

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const BOOLEAN = "class java.lang.Boolean";
const STRING = "class java.lang.String";
const BUFFER = "class java.nio.HeapByteBuffer";
const DOUBLE = "class java.lang.Double";
const LIST_FOUND = "Start of list found where not expected";
const OBJECT_FOUND = "Start of structure or map found where not expected.";

function read(name: OperationName, bytes: Buffer): BoundStructure {
  return readStructure(inputShapes[name], new CborReader(bytes));
}

const data = Buffer.of(1);

const refusals: readonly [name: OperationName, input: unknown, message: string][] = [
  ["DeleteStream", { EnforceConsumerDeletion: "abc" }, "'ABC' can not be converted to an Boolean"],
  ["DeleteStream", { EnforceConsumerDeletion: 23 }, `${NUMBER} can not be converted to an Boolean`],
  ["DeleteStream", { EnforceConsumerDeletion: data }, `${BUFFER} can not be converted to an Boolean`],
  ["DeleteStream", { EnforceConsumerDeletion: [] }, LIST_FOUND],
  ["DeleteStream", { EnforceConsumerDeletion: {} }, OBJECT_FOUND],
  ["DeleteStream", { StreamName: true }, `${BOOLEAN} can not be converted to an String`],
  ["DeleteStream", { StreamName: 2.5 }, `${NUMBER} can not be converted to an String`],
  ["DeleteStream", { StreamName: data }, `${BUFFER} can not be converted to an String`],
  ["ListStreams", { Limit: "23" }, `${STRING} can not be converted to an Integer`],
  ["ListStreams", { Limit: true }, `${BOOLEAN} can not be converted to an Integer`],
  ["PutRecord", { Data: true }, `${BOOLEAN} can not be converted to a Blob`],
  ["PutRecord", { Data: 23 }, `${NUMBER} can not be converted to a Blob`],
  ["PutRecord", { Data: "AAEC" }, `${STRING} can not be converted to a Blob`],
  ["PutRecord", { Data: [] }, LIST_FOUND],
  ["PutRecord", { Data: {} }, OBJECT_FOUND],
  ["GetShardIterator", { Timestamp: "1" }, `${STRING} can not be converted to milliseconds since epoch`],
  ["GetShardIterator", { Timestamp: 1_441_215_410.5 }, `${DOUBLE} can not be converted to milliseconds since epoch`],
  ["GetShardIterator", { Timestamp: data }, `${BUFFER} can not be converted to milliseconds since epoch`],
  ["PutRecords", { Records: data }, "Expected list or null"],
  ["PutRecords", { Records: {} }, OBJECT_FOUND],
  ["PutRecords", { Records: ["34"] }, "Expected null"],
  ["PutRecords", { Records: [[]] }, LIST_FOUND],
  ["AddTagsToStream", { Tags: data }, "Expected map or null"],
  ["AddTagsToStream", { Tags: [] }, LIST_FOUND],
  ["AddTagsToStream", { Tags: { a: 34 } }, `${NUMBER} can not be converted to an String`],
  ["ListShards", { ShardFilter: false }, "Expected null"],
  ["ListStreams", [], LIST_FOUND],
];

for (const [name, input, message] of refusals) {
  const hex = oracleEncode(input).toString("hex");
  test(`readStructure() refuses ${hex} for ${name}`, () => {
    assert.throws(() => read(name, Buffer.from(hex, "hex")), {
      type: "SerializationException",
      message,
      capitalMessage: true,
    });
  });
}

test("readStructure() refuses a float that is not a number", () => {
  for (const nan of ["f97e00", "fa7fc00000", "fb7ff8000000000000"]) {
    assert.throws(() => read("ListStreams", Buffer.from(`a1654c696d6974${nan}`, "hex")), {
      message: `${DOUBLE} can not be converted to an Integer`,
    });
  }
});

test("readStructure() reads floats of all three sizes", () => {
  for (const [hex, limit] of [
    ["f94100", 2],
    ["f90001", 0],
    ["f97bff", 65_504],
    ["f9c400", -4],
    ["f97c00", 2_147_483_647],
    ["f9fc00", -2_147_483_648],
    ["fa47c35000", 100_000],
    ["fb4024cccccccccccd", 10],
  ] as const) {
    assert.deepEqual(read("ListStreams", Buffer.from(`a1654c696d6974${hex}`, "hex")), { Limit: limit });
  }
});

test("readStructure() takes a small fraction for a Boolean, but not zero, however it is written", () => {
  const deletion = (hex: string): Buffer =>
    Buffer.from(`a177456e666f726365436f6e73756d657244656c6574696f6e${hex}`, "hex");
  assert.deepEqual(read("DeleteStream", deletion("f90001")), { EnforceConsumerDeletion: true });
  for (const zero of ["00", "f90000", "f98000", "fb0000000000000000"]) {
    assert.throws(() => read("DeleteStream", deletion(zero)), {
      message: `${NUMBER} can not be converted to an Boolean`,
    });
  }
});

test("readStructure() holds integers within 32 bits, whatever their size", () => {
  for (const [hex, limit] of [
    ["1a7fffffff", 2_147_483_647],
    ["1affffffff", 2_147_483_647],
    ["1bffffffffffffffff", 2_147_483_647],
    ["3a7fffffff", -2_147_483_648],
    ["3bffffffffffffffff", -2_147_483_648],
    ["20", -1],
  ] as const) {
    assert.deepEqual(read("ListStreams", Buffer.from(`a1654c696d6974${hex}`, "hex")), { Limit: limit });
  }
});

test("readStructure() reads a time as the service was seen to write it", () => {
  const name = Buffer.from("a16954696d657374616d70", "hex");
  const value = Buffer.from("c11b000001a013accc38", "hex");
  const withoutTag = value.subarray(1);
  assert.deepEqual(read("GetShardIterator", Buffer.concat([name, value])), { Timestamp: 1_787_036_486_712 });
  assert.deepEqual(read("GetShardIterator", Buffer.concat([name, withoutTag])), { Timestamp: 1_787_036_486_712 });
});

test("readStructure() drops nulls and unknown members, and lets the last of two win", () => {
  const names = { Limit: null, Other: [{ a: [data] }], ExclusiveStartStreamName: undefined };
  assert.deepEqual(read("ListStreams", oracleEncode(names)), {});
  const twice = Buffer.from("a3654c696d697401654c696d6974f6654c696d697402", "hex");
  assert.deepEqual(read("ListStreams", twice), { Limit: 2 });
  const nullLast = Buffer.from("a2654c696d697401654c696d6974f6", "hex");
  assert.deepEqual(read("ListStreams", nullLast), {});
});

test("readStructure() keeps a tag that is called __proto__", () => {
  const bound = read("AddTagsToStream", oracleEncode({ Tags: JSON.parse('{"__proto__":"a"}') }));
  assert.deepEqual(Object.entries(bound["Tags"] ?? {}), [["__proto__", "a"]]);
});

test("readStructure() gives blobs as views of what it reads", () => {
  const bytes = oracleEncode({ Data: Buffer.of(1, 2) });
  const { Data } = read("PutRecord", bytes);
  assert.ok(Data instanceof Buffer);
  assert.equal(Data.buffer, bytes.buffer);
});

test("readStructure() refuses a list that would take far more memory than its bytes", () => {
  const nulls = (count: number): Buffer =>
    Buffer.concat([
      Buffer.from("a1675461674b657973", "hex"),
      Buffer.of(0x9f),
      Buffer.alloc(count, 0xf6),
      Buffer.of(0xff),
    ]);
  assert.equal((read("RemoveTagsFromStream", nulls(65_536))["TagKeys"] as readonly null[]).length, 65_536);
  assert.throws(() => read("RemoveTagsFromStream", nulls(65_537)), { type: "SerializationException", message: "" });
});

for (const name of operationNames) {
  test(`the input of ${name} is bound alike in JSON and in every form of CBOR`, () => {
    fc.assert(
      fc.property(inputOf(inputShapes[name]), fc.nat(), (input, seed) => {
        const json = outcome(() => bindStructure(inputShapes[name], parseUntrustedJson(jsonOf(input))));
        assert.deepEqual(
          outcome(() => read(name, oracleEncode(input))),
          json,
        );
        assert.deepEqual(
          outcome(() => read(name, anyFormOf(input, drawsFrom(seed)))),
          json,
        );
      }),
      { numRuns: 50 },
    );
  });
}

test("a time means the same in both formats", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8_640_000_000_000_000 }), (ms) => {
      assert.deepEqual(read("GetShardIterator", oracleEncode({ Timestamp: new Time(ms) })), { Timestamp: ms });
    }),
  );
});
