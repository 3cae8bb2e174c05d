import fc from "fast-check";
import type { Shape, StructureShape } from "../../../src/model/shape.ts";
import { Time } from "../../support/cbor-forms.ts";

/** Text that both formats can carry: no half of a surrogate pair. */
const text = fc.string({ unit: "grapheme", maxLength: 30 });
const ms = fc.integer({ min: 0, max: 4_000_000_000_000 });

/** Values of a wrong type for most shapes. A float or a text may mean something else in the other format, so there is none. */
const wrongTypes: readonly unknown[] = [null, true, 7, [], {}, [null], { a: 1 }];

/** Inputs as a client may send them: members missing, null, unknown, and now and then of the wrong type. */
export function inputOf(shape: StructureShape): fc.Arbitrary<object> {
  return structureOf(shape, (member) => {
    // A bare number is seconds in one format and ms in the other.
    const strange = wrongTypes.filter((value) => member.kind !== "timestamp" || value !== 7);
    return fc.oneof({ weight: 30, arbitrary: anyOf(member) }, { weight: 1, arbitrary: fc.constantFrom(...strange) });
  });
}

/** Outputs as an operation gives them. */
export function outputOf(shape: StructureShape): fc.Arbitrary<object> {
  return structureOf(shape, anyOf).map((value) => withoutUnknown(value));
}

function structureOf(shape: StructureShape, memberOf: (shape: Shape) => fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const members = Object.fromEntries(shape.members.map(({ name, shape: member }) => [name, memberOf(member)]));
  return fc.record({ ...members, UnknownMember: fc.jsonValue({ noUnicodeString: true }) }, { requiredKeys: [] });
}

function withoutUnknown(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "UnknownMember"));
}

function anyOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
      return shape.values === undefined ? text : fc.constantFrom(...shape.values, "other");
    case "integer":
      return fc.oneof(fc.integer(), fc.constantFrom(1, 23, 24, 255, 256, 65_535, 65_536));
    case "long":
      return fc.maxSafeInteger();
    case "boolean":
      return fc.boolean();
    case "blob":
      return fc.uint8Array({ maxLength: 40 });
    case "timestamp":
      return ms.map((value) => new Time(value));
    case "list":
      return fc.array(anyOf(shape.item), { maxLength: 30 });
    case "map":
      return fc.dictionary(text, anyOf(shape.value), { maxKeys: 30 });
    case "structure":
      return structureOf(shape, anyOf).map((value) => withoutUnknown(value));
    case "eventStream":
      return fc.constant(null);
  }
}
