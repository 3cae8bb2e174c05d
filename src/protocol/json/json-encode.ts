import assert from "node:assert/strict";
import type { Shape, StructureShape } from "../../model/shape.ts";

/** A structure's JSON: members in alphabetical order, absent ones left out. */
export function encodeStructure(shape: StructureShape, value: object): string {
  let text = "";
  for (const { name, shape: memberShape } of shape.alphabetical) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}"${name}":${encodeValue(memberShape, member)}`;
  }
  return `{${text}}`;
}

function encodeValue(shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case "string":
      return JSON.stringify(value);
    case "integer":
    case "long":
    case "boolean":
      return String(value);
    case "blob": {
      const { buffer, byteOffset, byteLength } = value as Uint8Array;
      return `"${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}"`;
    }
    case "timestamp":
      return encodeSeconds(value as number, shape.wholeSeconds);
    case "list":
      return `[${(value as readonly unknown[]).map((item) => encodeValue(shape.item, item)).join(",")}]`;
    case "map":
      return JSON.stringify(value);
    case "structure":
      return encodeStructure(shape, value as object);
    case "eventStream":
      return assert.fail("an event stream is framed event by event, never encoded as one body");
  }
}

/** Seconds since the epoch as a plain decimal; the service prints `1.441215410867E9`, which every client reads alike. */
export function encodeSeconds(ms: number, wholeSeconds: boolean): string {
  const seconds = Math.floor(ms / 1000);
  if (wholeSeconds) return String(seconds);
  const rest = ms - seconds * 1000;
  if (!(ms >= 0) || !Number.isInteger(rest)) return String(ms / 1000);
  if (rest === 0) return String(seconds);
  // By parts: V8 remembers the texts of numbers, and of these no two are alike.
  const digits = rest % 100 === 0 ? 1 : rest % 10 === 0 ? 2 : 3;
  return `${seconds}.${String(1000 + rest).slice(1, 1 + digits)}`;
}
