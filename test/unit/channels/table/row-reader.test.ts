import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartitionSpec, TableSchema } from "../../../../src/channels/table/iceberg-schema.ts";
import { RowReader } from "../../../../src/channels/table/row-reader.ts";

const unpartitioned: PartitionSpec = { "spec-id": 0, fields: [] };

/** What a value of JSON is read as in an optional column, or the code of its fault. */
function readAs(type: string, json: string): unknown {
  const schema: TableSchema = { type: "struct", fields: [{ id: 1, name: "c", required: false, type }] };
  const row = new RowReader(schema, unpartitioned).read(Buffer.from(`{"c":${json}}`));
  return "code" in row ? row.code : row.values[0];
}

test("values are read as their columns take them, and what would be changed by that is a fault", () => {
  const invalid = "InvalidValue";
  const cases = [
    ["int", "2147483647", 2147483647],
    ["int", "2147483648", invalid],
    ["int", "1.5", invalid],
    ["long", "9223372036854775807", 9223372036854775807n],
    ["long", "9223372036854775808", invalid],
    ["long", "9007199254740993", 9007199254740993n],
    ["long", '"1"', invalid],
    ["double", "18446744073709551616", 2 ** 64],
    ["double", "1e308", 1e308],
    ["double", "1e309", invalid],
    ["double", "-1e309", invalid],
    ["double", `1${"0".repeat(309)}`, invalid],
    ["string", '"\\ud83d\\ude00"', "\u{1f600}"],
    ["string", '"\\ud83d"', invalid],
    ["timestamptz", '"2255-06-05T23:47:34.740991Z"', 9_007_199_254_740_991],
    ["timestamptz", '"2255-06-05T23:47:34.740993Z"', 9_007_199_254_740_993n],
    ["timestamptz", '"9999-12-31T23:59:59.999999Z"', 253_402_300_799_999_999n],
    ["timestamptz", '"0001-01-01T00:00:00.000001Z"', -62_135_596_799_999_999n],
    ["decimal(15, 2)", "0.29", 29n],
    ["decimal(15, 2)", "-1.1", -110n],
    ["decimal(15, 2)", "0.291", invalid],
    ["decimal(15, 2)", "1e14", invalid],
    ["timestamptz", '"1970-01-01T01:00:00.000001+01:00"', 1],
    ["timestamptz", '"1969-12-31t23:59:59z"', -1_000_000],
    ["timestamptz", '"2026-02-30T00:00:00Z"', invalid],
    ["timestamptz", '"2026-04-31T00:00:00Z"', invalid],
    ["date", '"1972-02-29"', 789],
    ["date", '"2100-02-29"', invalid],
    ["date", '"2000-02-29"', 11_016],
    ["date", '"1970-01-31"', 30],
    ["date", '"1970-01-32"', invalid],
    ["timestamptz", '"2026-02-01T00:00:00"', invalid],
    ["timestamptz", "0", invalid],
    ["date", '"1970-01-02"', 1],
    ["date", '"2026-02-29"', invalid],
    ["time", '"00:00:01.5"', 1_500_000n],
    ["time", '"24:00:00"', invalid],
    ["uuid", '"not one"', invalid],
    ["binary", '"a"', invalid],
    ["string", "null", null],
  ] as const;
  for (const [type, json, value] of cases) assert.equal(readAs(type, json), value, `${type} ${json}`);
});

test("a row has the hours of its partition, before the epoch too, and names the column that is missing", () => {
  const schema: TableSchema = { type: "struct", fields: [{ id: 7, name: "at", required: true, type: "timestamptz" }] };
  const field = { "source-id": 7, "field-id": 1000, name: "at_hour", transform: "hour" };
  const reader = new RowReader(schema, { "spec-id": 0, fields: [field] });
  const hoursOf = (at: string): unknown => {
    const row = reader.read(Buffer.from(JSON.stringify({ at })));
    return "hours" in row ? row.hours : row;
  };
  assert.deepEqual(hoursOf("1970-01-01T02:59:59Z"), [2]);
  assert.deepEqual(hoursOf("9999-12-31T23:59:59.999999Z"), [70_389_527]);
  assert.deepEqual(hoursOf("0001-01-01T00:00:00.000001Z"), [-17_259_888]);
  assert.deepEqual(hoursOf("0001-01-01T00:59:59.999999Z"), [-17_259_888]);
  assert.deepEqual(hoursOf("1969-12-31T23:59:59Z"), [-1]);
  assert.deepEqual(reader.read(Buffer.from("{}")), {
    code: "MissingValue",
    message: "The record has no value for the required column at.",
  });
});

test("a record without the time of its partition is in no hour, where others made it optional", () => {
  const at = { id: 7, name: "at", required: false, type: "timestamptz" };
  const meta = { id: 6, name: "meta", required: false, type: { type: "struct", fields: [at] } } as const;
  const field = { "source-id": 7, "field-id": 1000, name: "at_hour", transform: "hour" };
  for (const [column, records] of [
    [at, ["{}", '{"at":null}']],
    [meta, ["{}", '{"meta":null}', '{"meta":{}}']],
  ] as const) {
    const reader = new RowReader({ type: "struct", fields: [column] }, { "spec-id": 0, fields: [field] });
    for (const record of records) {
      const message = `The record has no value for the required column ${column.name}.`;
      assert.deepEqual(reader.read(Buffer.from(record)), { code: "MissingValue", message });
    }
  }
});

test("a member that every object inherits is no value of a column", () => {
  const schema: TableSchema = {
    type: "struct",
    fields: [{ id: 1, name: "constructor", required: true, type: "string" }],
  };
  const row = new RowReader(schema, unpartitioned).read(Buffer.from("{}"));
  assert("code" in row && row.code === "MissingValue");
});

test("a value under an escaped name is not lost where another record had a backslash for a name", () => {
  const schema: TableSchema = { type: "struct", fields: [{ id: 1, name: "é", required: true, type: "long" }] };
  const reader = new RowReader(schema, unpartitioned);
  const valueIn = (json: string): unknown => {
    // V8 takes the escape for this name: nodejs/node issue 63785.
    reader.read(Buffer.from('{"a":1,"\\\\":2}'));
    const row = reader.read(Buffer.from(json));
    return "code" in row ? row : row.values[0];
  };
  assert.equal(valueIn('{"a":1,"\\u00e9":2}'), 2n);
  assert.equal(valueIn('{"a":1,"\\u00e9":9007199254740993}'), 9007199254740993n);
});

test("a table that is partitioned by days is not written", () => {
  const schema: TableSchema = { type: "struct", fields: [{ id: 7, name: "at", required: true, type: "timestamptz" }] };
  const field = { "source-id": 7, "field-id": 1000, name: "at_day", transform: "day" };
  assert.throws(() => new RowReader(schema, { "spec-id": 0, fields: [field] }), /hours of columns/);
});
