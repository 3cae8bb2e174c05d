import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { inputShapes } from "../../../../src/model/constraints.generated.ts";
import { validate } from "../../../../src/model/validate.ts";
import { bindStructure } from "../../../../src/protocol/json/json-bind.ts";
import { parseJsonBody } from "../../../../src/protocol/json/parse-json-body.ts";
import { columnsOfParsedJson, columnsOfValidRecords } from "../../../../src/protocol/records/put-columns.ts";
import { contentOf, outcome } from "../columns-content.ts";

/** The general path alone: bind, validate, then columns. */
function generally(parsed: unknown): object {
  const bound = bindStructure(inputShapes.PutRecords, parsed);
  validate(inputShapes.PutRecords, bound);
  const { Records, ...rest } = bound;
  return { ...rest, Records: contentOf(columnsOfValidRecords(Records).records) };
}

function throughCodec(given: unknown): object {
  using parsed = parseJsonBody(Buffer.from(JSON.stringify(given)), "PutRecords");
  const { Records, ...rest } = parsed.bind();
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
      const members = typeof given === "object" && given !== null ? { StreamName, ...given } : { StreamName };
      const single = outcome(() => {
        using parsed = parseJsonBody(Buffer.from(JSON.stringify(members)), "PutRecord");
        const { Record, ...rest } = parsed.bind();
        return { ...rest, Record: contentOf(Record) };
      });
      const general = outcome(() => {
        const bound = bindStructure(inputShapes.PutRecord, members);
        validate(inputShapes.PutRecord, bound);
        return { StreamName: bound.StreamName, Record: contentOf(columnsOfValidRecords([bound]).records) };
      });
      assert.deepEqual(single, general);
    }),
    { numRuns: 500 },
  );
});

test("columns hold data, keys and the MD5 of each key", () => {
  const keys = ["a", "b", "é", "a longer key 0123456789 0123456789 0123456789 0123456789 0123456789", "\u{1f600}"];
  const columns = columnsOfParsedJson(
    keys.map((PartitionKey, i) => ({ Data: Buffer.alloc(i, i).toString("base64"), PartitionKey })),
  );
  assert.ok(columns);
  assert.deepEqual(contentOf(columns.records), {
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
  const columns = columnsOfParsedJson([
    { Data: "", PartitionKey: "a", ExplicitHashKey: "340282366920938463463374607431768211455" },
    { Data: "", PartitionKey: "a", ExplicitHashKey: tooLarge },
    { Data: "", PartitionKey: "a", ExplicitHashKey: "9".repeat(39) },
  ]);
  assert.equal(columns?.records.hashKeyOutOfRange, tooLarge);
  assert.deepEqual(
    [...(columns?.records.hashKeys.subarray(0, 4) ?? [])],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
  );
});

test("memory is used again when it is given back, and never while it is in use", () => {
  const parsed = [{ Data: Buffer.alloc(40_000, 1).toString("base64"), PartitionKey: "a" }];
  const [first, second] = [columnsOfParsedJson(parsed), columnsOfParsedJson(parsed)];
  assert.ok(first && second);
  assert.notEqual(first.records.bytes, second.records.bytes);
  first.lease[Symbol.dispose]();
  const [third, fourth] = [columnsOfParsedJson(parsed), columnsOfParsedJson(parsed)];
  assert.equal(third?.records.bytes, first.records.bytes);
  assert.notEqual(fourth?.records.bytes, first.records.bytes);
  assert.deepEqual(contentOf(second.records), fourth && contentOf(fourth.records));
});
