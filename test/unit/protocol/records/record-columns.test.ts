import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { inputShapes } from "../../../../src/model/constraints.generated.ts";
import { validate } from "../../../../src/model/validate.ts";
import { bindStructure } from "../../../../src/protocol/json/json-bind.ts";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import {
  type CheckedRecord,
  columnsOfChecked,
  columnsOfParsed,
} from "../../../../src/protocol/records/record-columns.ts";
import { contentOf, outcome } from "../columns-content.ts";

/** The general path alone: bind, validate, then columns. */
function generally(parsed: unknown): object {
  const bound = bindStructure(inputShapes.PutRecords, parsed);
  validate(inputShapes.PutRecords, bound);
  const { Records, ...rest } = bound;
  return { ...rest, Records: contentOf(columnsOfChecked(Records as unknown as readonly CheckedRecord[])) };
}

function throughCodec(parsed: unknown): object {
  const { Records, ...rest } = jsonCodec.decode("PutRecords", parsed);
  return { ...rest, Records: contentOf(Records) };
}

const data = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64")) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1, true, "A", "AB==", "A-==", "AA=A", [], {}, "\u0141AAA") },
);
const partitionKey = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(null, "", "a".repeat(256), "é".repeat(256), "a".repeat(257), 5, {}),
  },
);
const explicitHashKey = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "", "01", "-1", "9".repeat(39), "9".repeat(40), 5) },
);
const record = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record(
      { Data: data, PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey, Other: fc.constant(1) },
      { requiredKeys: ["Data"] },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, [], "a", 1) },
);
const request = fc.record(
  {
    StreamName: fc.constantFrom<unknown>("orders", "orders", "orders", "?", 1, null),
    Records: fc.oneof(
      { weight: 20, arbitrary: fc.array(record, { maxLength: 5 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown>(
          null,
          {},
          "a",
          Array.from({ length: 501 }, () => ({ Data: "" })),
        ),
      },
    ),
    DryRun: fc.constantFrom<unknown>(true, "no", 3),
  },
  { requiredKeys: [] },
);

test("the straight path and the general path always agree, in columns and in errors", () => {
  fc.assert(
    fc.property(request, (parsed) => {
      assert.deepEqual(
        outcome(() => throughCodec(parsed)),
        outcome(() => generally(parsed)),
      );
    }),
    { numRuns: 1_000 },
  );
});

test("PutRecord's two paths agree as well", () => {
  fc.assert(
    fc.property(record, fc.constantFrom<unknown>("orders", "?", 5), (given, StreamName) => {
      const parsed = typeof given === "object" && given !== null ? { StreamName, ...given } : { StreamName };
      const single = outcome(() => {
        const { Record, ...rest } = jsonCodec.decode("PutRecord", parsed);
        return { ...rest, Record: contentOf(Record) };
      });
      const general = outcome(() => {
        const bound = bindStructure(inputShapes.PutRecord, parsed);
        validate(inputShapes.PutRecord, bound);
        return {
          StreamName: bound["StreamName"],
          Record: contentOf(columnsOfChecked([bound as unknown as CheckedRecord])),
        };
      });
      assert.deepEqual(single, general);
    }),
    { numRuns: 500 },
  );
});

test("columns hold data, keys and the MD5 of each key", () => {
  const keys = ["a", "b", "é", "a longer key 0123456789 0123456789 0123456789 0123456789 0123456789", "\u{1f600}"];
  const columns = columnsOfParsed(
    keys.map((PartitionKey, i) => ({ Data: Buffer.alloc(i, i).toString("base64"), PartitionKey })),
  );
  assert.ok(columns);
  assert.deepEqual(contentOf(columns), {
    outOfRange: undefined,
    records: keys.map((key, i) => ({
      data: Buffer.alloc(i, i).toString("hex"),
      key,
      hashKey: createHash("md5").update(key).digest("hex"),
    })),
  });
});

test("the first explicit hash key of 2^128 or more is given back as it came", () => {
  const tooLarge = "340282366920938463463374607431768211456";
  const columns = columnsOfParsed([
    { Data: "", PartitionKey: "a", ExplicitHashKey: "340282366920938463463374607431768211455" },
    { Data: "", PartitionKey: "a", ExplicitHashKey: tooLarge },
    { Data: "", PartitionKey: "a", ExplicitHashKey: "9".repeat(39) },
  ]);
  assert.equal(columns?.hashKeyOutOfRange, tooLarge);
  assert.deepEqual([...(columns?.hashKeys.subarray(0, 4) ?? [])], [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
});

test("memory returns to the pool when it is released, once, and never while it is in use", () => {
  const parsed = [{ Data: Buffer.alloc(10_000, 1).toString("base64"), PartitionKey: "a" }];
  const [first, second] = [columnsOfParsed(parsed), columnsOfParsed(parsed)];
  assert.ok(first && second);
  assert.notEqual(first.bytes, second.bytes);
  first.release?.();
  first.release?.();
  const [third, fourth] = [columnsOfParsed(parsed), columnsOfParsed(parsed)];
  assert.equal(third?.bytes, first.bytes);
  assert.notEqual(fourth?.bytes, first.bytes);
  assert.deepEqual(contentOf(second), fourth && contentOf(fourth));
});
