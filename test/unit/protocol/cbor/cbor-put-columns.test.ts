import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { OperationName } from "../../../../src/model/shapes.generated.ts";
import { cborCodec } from "../../../../src/protocol/cbor/cbor-codec.ts";
import { parseCborBody } from "../../../../src/protocol/cbor/parse-cbor-body.ts";
import { parseJsonBody } from "../../../../src/protocol/json/parse-json-body.ts";
import type { IncomingRecords } from "../../../../src/records/incoming-records.ts";
import { anyFormOf, drawsFrom } from "../../../support/cbor-forms.ts";
import { jsonOf } from "../../../support/json-form.ts";
import { contentOf, outcome } from "../columns-content.ts";
import { oracleEncode } from "../oracle.ts";

/** The input with its columns as values, or the error. */
function decoded(parse: typeof parseCborBody, name: OperationName, body: Buffer): object {
  return outcome(() => {
    using parsed = parse(body, name);
    return withContent(parsed.bind());
  });
}

/** Both ways: scanned in WebAssembly, which takes ordinary bodies, and by the general path. */
function decodedCbor(name: OperationName, body: Buffer): object {
  const generally = decoded(parseCborBody, name, body);
  assert.deepEqual(decoded(cborCodec.parse, name, body), generally);
  return generally;
}

function withContent(input: object): object {
  const entries = Object.entries(input);
  return Object.fromEntries(entries.map(([member, value]) => [member, isColumns(value) ? contentOf(value) : value]));
}

function isColumns(value: unknown): value is IncomingRecords {
  return typeof value === "object" && value !== null && "dataStart" in value;
}

const data = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1, true, [], {}) },
);
const partitionKey = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(null, "", "a".repeat(256), "é".repeat(256), "a".repeat(257), 5, {}),
  },
);
const explicitHashKey = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, "", "01", "-1", "é", "9".repeat(39), "9".repeat(40), 5) },
);
const ordinary = { Data: data, PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey };
const record = fc.oneof(
  { weight: 30, arbitrary: fc.record(ordinary, { requiredKeys: ["Data"] }) },
  {
    weight: 5,
    arbitrary: fc.record({ ...ordinary, Date: fc.constant(1), Other: fc.constant("a") }, { requiredKeys: [] }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, [], true, 1) },
);
const streamName = fc.constantFrom<unknown>("orders", "orders", "orders", "?", 1, null);
const request = fc.record(
  {
    StreamName: streamName,
    Records: fc.oneof(
      { weight: 20, arbitrary: fc.array(record, { maxLength: 5 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown>(
          null,
          {},
          5,
          Array.from({ length: 500 }, () => ({ Data: Buffer.of(1) })),
          Array.from({ length: 501 }, () => ({ Data: Buffer.of(1) })),
        ),
      },
    ),
    DryRun: fc.constantFrom<unknown>(true, "no", 3),
  },
  { requiredKeys: [] },
);

test("PutRecords comes to the same columns and errors in JSON and in every form of CBOR", () => {
  fc.assert(
    fc.property(request, fc.nat(), (input, seed) => {
      const json = decoded(parseJsonBody, "PutRecords", Buffer.from(jsonOf(input)));
      assert.deepEqual(decodedCbor("PutRecords", oracleEncode(input)), json);
      assert.deepEqual(decodedCbor("PutRecords", anyFormOf(input, drawsFrom(seed))), json);
    }),
    { numRuns: 500 },
  );
});

test("PutRecord comes to the same columns and errors in JSON and in every form of CBOR", () => {
  fc.assert(
    fc.property(record, streamName, fc.nat(), (given, StreamName, seed) => {
      const input = typeof given === "object" && given !== null ? { StreamName, ...given } : { StreamName };
      const json = decoded(parseJsonBody, "PutRecord", Buffer.from(jsonOf(input)));
      assert.deepEqual(decodedCbor("PutRecord", oracleEncode(input)), json);
      assert.deepEqual(decodedCbor("PutRecord", anyFormOf(input, drawsFrom(seed))), json);
    }),
    { numRuns: 500 },
  );
});

const keys = ["a", "b", "é", "a longer key 0123456789 0123456789 0123456789 0123456789 0123456789", "\u{1f600}"];
const records = keys.map((PartitionKey, index) => ({ PartitionKey, Data: Buffer.alloc(index * 100, index) }));

test("ordinary records stay where they are in the body", () => {
  const body = oracleEncode({ Records: records, StreamName: "orders" });
  const { Records } = parseCborBody(body, "PutRecords").bind();
  assert.equal(Records.bytes.buffer, body.buffer);
  assert.deepEqual(contentOf(Records), {
    outOfRange: undefined,
    records: records.map(({ PartitionKey, Data }) => ({
      data: Data.toString("hex"),
      key: PartitionKey,
      hashKey: createHash("md5").update(PartitionKey).digest("hex"),
    })),
  });
});

test("the columns of a request outlive the next request", () => {
  const decode = (input: object): IncomingRecords =>
    parseCborBody(oracleEncode({ StreamName: "orders", ...input }), "PutRecords").bind().Records;
  const first = decode({ Records: records });
  const before = contentOf(first);
  decode({ Records: records.toReversed() });
  assert.deepEqual(contentOf(first), before);
});

test("a record with neither key has no rest of another request's hash", () => {
  parseCborBody(oracleEncode({ StreamName: "orders", Records: records }), "PutRecords").bind();
  const body = oracleEncode({ StreamName: "orders", Records: [{ Data: Buffer.of(1) }] });
  const { Records } = parseCborBody(body, "PutRecords").bind();
  assert.deepEqual([...Records.hashKeys], [0, 0, 0, 0]);
});

test("the last of two members counts, as in JSON", () => {
  const twice = Buffer.from("a2675265636f72647381a2644461746141016444617461410a6a53747265616d4e616d656161", "hex");
  const { Records } = parseCborBody(twice, "PutRecords").bind();
  assert.deepEqual(contentOf(Records), {
    outOfRange: undefined,
    records: [{ data: "0a", key: undefined, hashKey: "0".repeat(32) }],
  });
});

test("the first explicit hash key of 2^128 or more is given back as it came", () => {
  const tooLarge = "340282366920938463463374607431768211456";
  const hashKeys = ["340282366920938463463374607431768211455", tooLarge, "9".repeat(39)];
  const Records = hashKeys.map((ExplicitHashKey) => ({ Data: Buffer.of(1), PartitionKey: "a", ExplicitHashKey }));
  const decodedInput = parseCborBody(oracleEncode({ StreamName: "a", Records }), "PutRecords").bind();
  assert.equal(decodedInput.Records.hashKeyOutOfRange, tooLarge);
  assert.deepEqual([...decodedInput.Records.hashKeys.subarray(0, 4)], Array(4).fill(0xffffffff));
});
