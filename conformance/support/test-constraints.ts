import assert from "node:assert/strict";
import { refused } from "./call.ts";
import type { Member } from "./input-shape.ts";
import { textOfLength } from "./patterns.ts";
import { pathOf, putAt, removeAt } from "./place.ts";

/** Asserts that the member at a place is refused, by name, absent and with each value that breaks a rule of it. */
export async function testConstraints(
  operation: string,
  valid: Readonly<Record<string, unknown>>,
  place: string,
  member: Member,
): Promise<void> {
  const path = pathOf(place);
  if (member.required === true) {
    await assertViolations(operation, removeAt(valid, place), [
      `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    ]);
  }
  for (const [value, rules] of violationsOf(member)) {
    const shown = printed(member, value);
    await assertViolations(
      operation,
      putAt(valid, place, value),
      rules.map((rule) => `Value${shown} at '${path}' failed to satisfy constraint: ${rule}`),
    );
  }
}

/** Asserts a ValidationException of exactly these violations. Their order among members is the service's secret. */
export async function assertViolations(operation: string, input: object, expected: readonly string[]): Promise<void> {
  const { status, type, message = "" } = await refused(operation, input);
  assert.equal(type, "ValidationException", message);
  assert.equal(status, 400);
  const [head = "", list = ""] = splitOnce(message, ": ");
  const count = expected.length;
  assert.equal(head, count === 1 ? "1 validation error detected" : `${count} validation errors detected`, message);
  assert.deepEqual(sortedRules(list.split("; ")), sortedRules(expected));
}

/** The order of an enumeration's values is known for one of them; elsewhere they are compared as a set. */
function sortedRules(violations: readonly string[]): readonly string[] {
  return violations
    .map((violation) =>
      violation.replace(/(enum value set: \[)(.*)\]/, (_, start: string, values: string) => {
        return `${start}${values.split(", ").sort().join(", ")}]`;
      }),
    )
    .sort();
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A bound beyond this is left alone: the service prints the whole value back. */
const charsTriedMax = 10_000;

type Violation = readonly [value: unknown, rules: readonly string[]];

function violationsOf(member: Member): readonly Violation[] {
  switch (member.type) {
    case "String":
      return stringViolations(member);
    case "Integer":
      return [
        ...(member.min === undefined ? [] : [[member.min - 1, [valueRule("greater", member.min)]] as const]),
        ...(member.max === undefined ? [] : [[member.max + 1, [valueRule("less", member.max)]] as const]),
      ];
    case "List":
      return listViolations(member);
    case "Map":
      return mapViolations(member);
    case "Blob":
    case "Boolean":
    case "Structure":
    case "Timestamp":
      return [];
  }
}

function stringViolations(member: Member): readonly Violation[] {
  const { max, pattern } = member;
  const tooLong = max === undefined || max > charsTriedMax ? [] : [textOfLength(max + 1, pattern)];
  // No pattern takes both of the first two.
  return ["!", ":\n", "", ...tooLong]
    .map((value) => [value, rulesBroken(member, value)] as const)
    .filter(([, rules]) => rules.length > 0);
}

/** In the service's order: enumeration or pattern, then the lower bound, then the upper. */
function rulesBroken({ min = 0, max, pattern, values }: Member, value: string): readonly string[] {
  const rules: string[] = [];
  if (values !== undefined && !values.includes(value)) {
    rules.push(`Member must satisfy enum value set: [${values.join(", ")}]`);
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
    rules.push(`Member must satisfy regular expression pattern: ${pattern}`);
  }
  if (value.length < min) rules.push(lengthRule("greater", min));
  if (max !== undefined && value.length > max) rules.push(lengthRule("less", max));
  return rules;
}

function listViolations({ min, max, entry }: Member): readonly Violation[] {
  const violations: Violation[] = [];
  if (min !== undefined && min > 0) violations.push([[], [lengthRule("greater", min)]]);
  if (entry === undefined) return violations;
  const word = "a".repeat(Math.max(1, entry.min));
  if (max !== undefined) violations.push([Array.from({ length: max + 1 }, () => word), [lengthRule("less", max)]]);
  const rule = `Member must satisfy constraint: [${lengthRule("less", entry.max)}, ${lengthRule("greater", entry.min)}]`;
  violations.push([["a".repeat(entry.max + 1)], [rule]], [["", word], [rule]]);
  return violations;
}

/** Keys are bound to 1 to 128 characters wherever the API has a map: they are the tags of a resource. */
function mapViolations({ min, max, entry }: Member): readonly Violation[] {
  const violations: Violation[] = [];
  if (min !== undefined && min > 0) violations.push([{}, [lengthRule("greater", min)]]);
  if (max !== undefined) {
    const many = Object.fromEntries(Array.from({ length: max + 1 }, (_, i) => [`k${i}`, "v"]));
    violations.push([many, [lengthRule("less", max)]]);
  }
  if (entry === undefined) return violations;
  const keys = `Map keys must satisfy constraint: [${lengthRule("less", 128)}, ${lengthRule("greater", 1)}]`;
  const value = `Map value must satisfy constraint: [${lengthRule("less", entry.max)}, ${lengthRule("greater", entry.min)}]`;
  violations.push(
    [{ "": "v" }, [keys]],
    [{ ["k".repeat(129)]: "v" }, [keys]],
    [{ k: "v".repeat(entry.max + 1) }, [value]],
  );
  return violations;
}

/** In quotes and in the manner of Java; a list of structures is not printed any more. */
function printed(member: Member, value: unknown): string {
  if (member.type === "List") {
    return member.entry === undefined ? "" : ` '[${(value as readonly string[]).join(", ")}]'`;
  }
  if (member.type !== "Map") return ` '${String(value)}'`;
  const entries = Object.entries(value as Readonly<Record<string, string>>).map(([key, text]) => `${key}=${text}`);
  return ` '{${entries.join(", ")}}'`;
}

function valueRule(side: "greater" | "less", bound: number): string {
  return `Member must have value ${side} than or equal to ${bound}`;
}

function lengthRule(side: "greater" | "less", bound: number): string {
  return `Member must have length ${side} than or equal to ${bound}`;
}
