import assert from "node:assert/strict";
import type { Shape, StructureShape } from "../../model/shape.ts";
import { LIST, MAP, TAG } from "./cbor-head.ts";
import { CborWriter } from "./cbor-writer.ts";

/** Marks a number as a time: in seconds for RFC 8949, in whole ms for Kinesis, whose clients read no floats. */
export const TIME_TAG = 1;

/** A structure's CBOR: members in alphabetical order, absent ones left out, all lengths definite. */
export function encodeStructure(shape: StructureShape, value: object): Buffer {
  const writer = new CborWriter();
  writeStructure(shape, value, writer);
  return writer.finish();
}

/** As `encodeStructure()`. The map's head counts `moreMembers` that the caller writes behind it. */
export function writeStructure(shape: StructureShape, value: object, writer: CborWriter, moreMembers = 0): void {
  const members = value as Readonly<Record<string, unknown>>;
  const present = shape.alphabetical.filter(({ name }) => members[name] !== undefined);
  writer.head(MAP, present.length + moreMembers);
  for (const { name, shape: memberShape } of present) {
    writer.text(name);
    writeValue(memberShape, members[name], writer);
  }
}

function writeValue(shape: Shape, value: unknown, writer: CborWriter): void {
  switch (shape.kind) {
    case "string":
      writer.text(value as string);
      break;
    case "integer":
    case "long":
      writer.integer(value as number);
      break;
    case "boolean":
      writer.boolean(value as boolean);
      break;
    case "blob":
      writer.byteString(value as Uint8Array);
      break;
    case "timestamp":
      writer.head(TAG, TIME_TAG);
      writer.integer(Math.floor(value as number));
      break;
    case "list":
      writeList(shape.item, value as readonly unknown[], writer);
      break;
    case "map":
      writeTextMap(value as Readonly<Record<string, string>>, writer);
      break;
    case "structure":
      writeStructure(shape, value as object, writer);
      break;
    case "eventStream":
      assert.fail("an event stream is framed event by event, never encoded as one body");
  }
}

function writeList(shape: Shape, items: readonly unknown[], writer: CborWriter): void {
  writer.head(LIST, items.length);
  for (const item of items) writeValue(shape, item, writer);
}

/** Text to text: no other map occurs in the model, nor in an error. */
export function writeTextMap(value: Readonly<Record<string, string>>, writer: CborWriter): void {
  const entries = Object.entries(value);
  writer.head(MAP, entries.length);
  for (const [key, text] of entries) {
    writer.text(key);
    writer.text(text);
  }
}
