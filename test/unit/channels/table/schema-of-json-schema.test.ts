import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaOfJsonSchema } from "../../../../src/channels/table/schema-of-json-schema.ts";

function columnOf(property: unknown): unknown {
  return schemaOfJsonSchema({ type: "object", properties: { c: property } }, []).fields[0]?.type;
}

test("each type of a JSON Schema has the column that the guide says", () => {
  const cases = [
    [{ type: "integer" }, "long"],
    [{ type: "integer", maximum: 2 ** 31 - 1 }, "int"],
    [{ type: "integer", maximum: 2 ** 31 }, "long"],
    [{ type: "integer", minimum: -(2 ** 40), maximum: 1 }, "long"],
    [{ type: "number" }, "double"],
    [{ type: "number", multipleOf: 0.001 }, "decimal(15, 3)"],
    [{ type: "number", multipleOf: 1e-7 }, "decimal(15, 7)"],
    [{ type: "number", multipleOf: 5 }, "decimal(15, 0)"],
    [{ type: "boolean" }, "boolean"],
    [{ type: "string", format: "date-time" }, "timestamptz"],
    [{ type: "string", format: "date" }, "date"],
    [{ type: "string", format: "time" }, "time"],
    [{ type: "string", format: "uuid" }, "uuid"],
    [{ type: "string", format: "email" }, "string"],
    [{ type: "string", contentEncoding: "base64" }, "binary"],
    [{ enum: ["a"] }, "string"],
    [{ anyOf: [{ type: "null" }, { type: "boolean" }] }, "boolean"],
  ] as const;
  for (const [property, type] of cases) assert.equal(columnOf(property), type, JSON.stringify(property));
});

test("ids are unique, those of nested fields too, and what is nullable is optional", () => {
  const item = {
    type: "object",
    required: ["a"],
    properties: { a: { type: ["string", "null"] }, b: { type: "integer" } },
  };
  const root = {
    type: "object",
    required: ["list", "map"],
    properties: {
      list: { type: "array", items: item },
      map: { type: "object", additionalProperties: { $ref: "#/$defs/at" } },
    },
    $defs: { at: { type: "string", format: "date-time" } },
  };
  assert.deepEqual(schemaOfJsonSchema(root, []).fields, [
    {
      ...{ id: 1, name: "list", required: true },
      type: {
        ...{ type: "list", "element-id": 3, "element-required": true },
        element: {
          type: "struct",
          fields: [
            { id: 4, name: "a", required: false, type: "string" },
            { id: 5, name: "b", required: false, type: "long" },
          ],
        },
      },
    },
    {
      ...{ id: 2, name: "map", required: true },
      type: {
        ...{ type: "map", "key-id": 6, key: "string" },
        ...{ "value-id": 7, value: "timestamptz", "value-required": true },
      },
    },
  ]);
});

test("columns that partition the table are required, with all that they are in", () => {
  const at = { type: "string", format: "date-time" };
  const root = { type: "object", properties: { meta: { type: "object", properties: { at, other: at } } } };
  const [meta] = schemaOfJsonSchema(root, ["meta.at"]).fields;
  assert.equal(meta?.required, true);
  assert(typeof meta.type === "object" && meta.type.type === "struct");
  assert.deepEqual(
    meta.type.fields.map(({ required }) => required),
    [true, false],
  );
});

test("a property with a dot in its name is not taken for a nested column that partitions the table", () => {
  const root = { type: "object", properties: { "meta.at": { type: "string", format: "date-time" } } };
  assert.throws(() => schemaOfJsonSchema(root, ["meta.at"]), /must have meta\.at, which partitions the table/);
});

test("a schema whose references multiply at each level is refused before it has made its columns", () => {
  const level = (next: unknown) => ({
    type: "object",
    properties: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, next])),
  });
  const names = Array.from({ length: 14 }, (_, i) => `l${i}`);
  const $defs = Object.fromEntries(
    names.map((name, i) => [name, level(i === 0 ? { type: "string" } : { $ref: `#/$defs/${names[i - 1]}` })]),
  );
  const root = { ...level({ $ref: "#/$defs/l6" }), $defs };
  assert.throws(() => schemaOfJsonSchema(root, []), { message: "has more than 10000 columns and parts of columns" });
});

test("a schema that no table can have is refused with the place that is wrong", () => {
  const cases = [
    [{ type: "string" }, 'must be of type "object" with properties, one for each column'],
    [{ type: "object" }, "has an object with neither properties nor a schema as additionalProperties"],
    [{ properties: { a: {} } }, "has no single type, at a; a column has one, and perhaps null"],
    [
      { properties: { a: { type: ["string", "integer"] } } },
      "has no single type, at a; a column has one, and perhaps null",
    ],
    [{ properties: { a: { type: "array" } } }, "has an array without one schema of its items, at a"],
    [{ properties: { a: { $ref: "other.json" } } }, "has a reference that it does not resolve itself, at a"],
    [{ properties: { a: { $ref: "#/properties/a" } } }, "is deeper than 16 levels, at a"],
    [{ properties: { a: { type: "number", multipleOf: 1e-20 } } }, "has a multipleOf with too many digits, at a"],
  ] as const;
  for (const [root, message] of cases) assert.throws(() => schemaOfJsonSchema(root, []), { message });
});
