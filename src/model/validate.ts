import { constraintsViolated } from "./request-errors.ts";
import type { ListShape, MapShape, NumberShape, Shape, StringShape, StructureShape } from "./shape.ts";

/** A value whose types match its shape; constraints are not checked yet. Null occurs only inside lists and maps. */
export type BoundValue = string | number | boolean | Uint8Array | null | readonly BoundValue[] | BoundStructure;

/** A structure or a map, without its absent members. */
export interface BoundStructure {
  readonly [name: string]: BoundValue;
}

/** Most violations that the service reports. */
const VIOLATION_COUNT_MAX = 10;

/** Checks all constraints. Errors: ValidationException with the violations in the service's order, ten at most. */
export function validate<Value extends object>(
  shape: StructureShape<Value>,
  value: BoundStructure,
): asserts value is BoundStructure & Value {
  const violations: string[] = [];
  checkStructure(shape, value, "", violations);
  if (violations.length > 0) throw constraintsViolated(violations.slice(0, VIOLATION_COUNT_MAX));
}

function checkStructure(shape: StructureShape, value: BoundStructure, prefix: string, violations: string[]): void {
  for (const member of shape.members) {
    if (violations.length >= VIOLATION_COUNT_MAX) return;
    const given = value[member.name];
    const path = prefix + member.path;
    if (given !== undefined) check(member.shape, given, path, violations);
    else if (member.required) violations.push(violation("null", path, "Member must not be null"));
  }
}

function check(shape: Shape, value: BoundValue, path: string, violations: string[]): void {
  switch (shape.kind) {
    case "string":
    case "integer":
    case "long":
      for (const rule of scalarRules(shape, value)) violations.push(violation(printed(value), path, rule));
      return;
    case "blob":
      // The service omits the value (formerly it printed a Java object).
      for (const rule of lengthRules(shape, (value as Uint8Array).length)) violations.push(violation("", path, rule));
      return;
    case "list":
      checkList(shape, value as readonly BoundValue[], path, violations);
      return;
    case "map":
      checkMap(shape, value as BoundStructure, path, violations);
      return;
    case "structure":
      checkStructure(shape, value as BoundStructure, `${path}.`, violations);
      return;
    case "boolean":
    case "timestamp":
    case "eventStream":
      return;
  }
}

function checkList(shape: ListShape, value: readonly BoundValue[], path: string, violations: string[]): void {
  const { item } = shape;
  if (item.kind !== "structure") {
    for (const rule of lengthRules(shape, value.length)) violations.push(violation(printed(value), path, rule));
    if (item.kind === "string" && value.some((entry) => violatesAny(item, entry))) {
      violations.push(
        violation(printed(value), path, `Member must satisfy constraint: [${allRules(item).join(", ")}]`),
      );
    }
    return;
  }
  // The service omits the value, as above.
  for (const rule of lengthRules(shape, value.length)) violations.push(violation("", path, rule));
  for (const [index, entry] of value.entries()) {
    if (violations.length >= VIOLATION_COUNT_MAX) return;
    const entryPath = `${path}.${index + 1}.member`;
    if (entry === null) violations.push(violation("null", entryPath, "Member must not be null"));
    else checkStructure(item, entry as BoundStructure, `${entryPath}.`, violations);
  }
}

function checkMap(shape: MapShape, value: BoundStructure, path: string, violations: string[]): void {
  const keys = Object.keys(value);
  for (const rule of lengthRules(shape, keys.length)) violations.push(violation(printed(value), path, rule));
  if (keys.some((key) => violatesAny(shape.key, key))) {
    const rules = allRules(shape.key).join(", ");
    violations.push(violation(printed(value), path, `Map keys must satisfy constraint: [${rules}]`));
  }
  if (Object.values(value).some((entry) => violatesAny(shape.value, entry))) {
    const rules = allRules(shape.value).join(", ");
    violations.push(violation(printed(value), path, `Map value must satisfy constraint: [${rules}]`));
  }
}

function violation(printedValue: string, path: string, rule: string): string {
  const value = printedValue === "" ? "Value" : `Value ${printedValue}`;
  return `${value} at '${path}' failed to satisfy constraint: ${rule}`;
}

/** The constraints that a scalar violates: enum or pattern, then minimum, then maximum. */
function scalarRules(shape: StringShape | NumberShape, value: BoundValue): readonly string[] {
  if (shape.kind !== "string") return rangeRules(shape, value as number);
  const text = value as string;
  if (shape.values === undefined && shape.pattern === undefined) return lengthRules(shape, text.length);
  const rules: string[] = [];
  if (shape.values !== undefined && !shape.values.includes(text)) rules.push(enumRule(shape.values));
  if (shape.pattern !== undefined && !shape.pattern.matches(text)) rules.push(patternRule(shape.pattern.source));
  rules.push(...lengthRules(shape, text.length));
  return rules;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function rangeRules(bounds: Bounds, value: number): readonly string[] {
  return boundRules(bounds, value, valueRule);
}

function lengthRules(bounds: Bounds, length: number): readonly string[] {
  return boundRules(bounds, length, lengthRule);
}

const noRules: readonly string[] = [];

function boundRules({ min, max }: Bounds, value: number, ruleOf: typeof valueRule): readonly string[] {
  const isLess = min !== undefined && value < min;
  const isGreater = max !== undefined && value > max;
  if (!isLess && !isGreater) return noRules;
  return [...(isLess ? [ruleOf("greater", min)] : []), ...(isGreater ? [ruleOf("less", max)] : [])];
}

function violatesAny(shape: StringShape, value: BoundValue): boolean {
  return value === null || scalarRules(shape, value).length > 0;
}

/** All constraints of the entries of a list or map, as its violation lists them: the maximum before the minimum. */
function allRules(shape: StringShape): readonly string[] {
  return [
    ...(shape.values === undefined ? [] : [enumRule(shape.values)]),
    ...(shape.max === undefined ? [] : [lengthRule("less", shape.max)]),
    ...(shape.min === undefined ? [] : [lengthRule("greater", shape.min)]),
    ...(shape.pattern === undefined ? [] : [patternRule(shape.pattern.source)]),
  ];
}

function valueRule(side: "greater" | "less", bound: number): string {
  return `Member must have value ${side} than or equal to ${bound}`;
}

function lengthRule(side: "greater" | "less", bound: number): string {
  return `Member must have length ${side} than or equal to ${bound}`;
}

function enumRule(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(", ")}]`;
}

function patternRule(source: string): string {
  return `Member must satisfy regular expression pattern: ${source}`;
}

/** The value as Java prints it, in quotes: `'abc'`, `'[a, b]'`, `'{k=v, k2=v2}'`. */
function printed(value: BoundValue): string {
  if (Array.isArray(value)) return `'[${value.join(", ")}]'`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}=${entry}`);
    return `'{${entries.join(", ")}}'`;
  }
  return `'${value}'`;
}
