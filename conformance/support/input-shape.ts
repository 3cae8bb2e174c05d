import { test } from "node:test";
import { namePattern, streamArnPattern, streamIdPattern } from "./patterns.ts";
import { testConstraints } from "./test-constraints.ts";
import { testTypes } from "./test-types.ts";

export type MemberType = "String" | "Boolean" | "Integer" | "Blob" | "Timestamp" | "List" | "Map" | "Structure";

/** What the API reference says of one member. Lengths and values alike are bounded by `min` and `max`. */
export interface Member {
  readonly type: MemberType;
  readonly required?: true;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** Values of an enumeration; the service's own order is known for few of them and compared for none. */
  readonly values?: readonly string[];
  /** Bounds of the lengths of strings in a list, or of keys and values in a map. */
  readonly entry?: { readonly min: number; readonly max: number };
}

/**
 * Members by their place: `Records` is a list, `Records[]` its entry, `Records[].Data` a member of the entry,
 * `Tags.*` a value of a map, `ShardFilter.Type` a member of a structure.
 */
export type Members = Readonly<Record<string, Member>>;

/** The three members by which most operations name a stream. */
export const streamMembers = {
  StreamName: { type: "String", min: 1, max: 128, pattern: namePattern },
  StreamARN: { type: "String", min: 1, max: 2048, pattern: streamArnPattern },
  StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
} as const satisfies Members;

/**
 * Tests of one operation's input: every member with every wrong type, below and above its bounds, outside its pattern or
 * enumeration, and absent. `valid` is an input without violations, for a stream that need not exist: the service looks
 * at types first, then at constraints, and only then for the stream.
 */
export function testInput(operation: string, valid: Readonly<Record<string, unknown>>, members: Members): void {
  for (const [place, member] of Object.entries(members)) {
    test(`${operation} refuses ${place} of any type but ${member.type}`, () =>
      testTypes(operation, valid, place, member));
    if (hasConstraints(member)) {
      test(`${operation} names the constraints that ${place} violates`, () =>
        testConstraints(operation, valid, place, member));
    }
  }
}

function hasConstraints({ required, min, max, pattern, values, entry }: Member): boolean {
  return [required, min, max, pattern, values, entry].some((constraint) => constraint !== undefined);
}
