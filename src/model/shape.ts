/** The shape of a value in the API model, for binding, validating and encoding. */
export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | BlobShape
  | TimestampShape
  | ListShape
  | MapShape
  | StructureShape
  | EventStreamShape;

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Bounds count UTF-16 code units, as the service does. */
export interface StringShape extends Bounds {
  readonly kind: "string";
  readonly pattern?: Pattern;
  /** The allowed values in the order of the service's error text. */
  readonly values?: readonly string[];
}

export interface NumberShape extends Bounds {
  readonly kind: "integer" | "long";
}

export interface BooleanShape {
  readonly kind: "boolean";
}

export interface BlobShape extends Bounds {
  readonly kind: "blob";
}

export interface TimestampShape {
  readonly kind: "timestamp";
  /** Whether the member is encoded without milliseconds. */
  readonly wholeSeconds: boolean;
}

export interface ListShape extends Bounds {
  readonly kind: "list";
  readonly item: Shape;
}

export interface MapShape extends Bounds {
  readonly kind: "map";
  readonly key: StringShape;
  readonly value: StringShape;
}

/** `Value`: the type of a value of this shape, for the compiler only. */
export interface StructureShape<out Value extends object = object> {
  readonly kind: "structure";
  readonly [valueType]?: Value;
  /** In the order of the service's violations. */
  readonly members: readonly Member[];
  readonly alphabetical: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
}

declare const valueType: unique symbol;

export interface EventStreamShape {
  readonly kind: "eventStream";
  readonly event: StructureShape;
}

export interface Member {
  readonly name: string;
  /** The name in violations: `streamName`, `streamARN`. */
  readonly path: string;
  readonly required: boolean;
  readonly shape: Shape;
}

export interface Pattern {
  /** The pattern in the service's error text. */
  readonly source: string;
  matches(value: string): boolean;
}

export function string(
  facts: Bounds & { readonly pattern?: string; readonly values?: readonly string[] } = {},
): StringShape {
  const { pattern, ...rest } = facts;
  return {
    kind: "string",
    ...rest,
    ...(pattern === undefined ? {} : { pattern: wholeValuePattern(pattern, facts.max) }),
  };
}

export function integer(bounds: Bounds = {}): NumberShape {
  return { kind: "integer", ...bounds };
}

export function long(bounds: Bounds = {}): NumberShape {
  return { kind: "long", ...bounds };
}

export function boolean(): BooleanShape {
  return { kind: "boolean" };
}

export function blob(bounds: Bounds = {}): BlobShape {
  return { kind: "blob", ...bounds };
}

export function timestamp(): TimestampShape {
  return { kind: "timestamp", wholeSeconds: false };
}

export function wholeSecondTimestamp(): TimestampShape {
  return { kind: "timestamp", wholeSeconds: true };
}

export function list(item: Shape, bounds: Bounds = {}): ListShape {
  return { kind: "list", item, ...bounds };
}

export function map(key: StringShape, value: StringShape, bounds: Bounds = {}): MapShape {
  return { kind: "map", key, value, ...bounds };
}

export function structure<Value extends object = object>(members: readonly Member[]): StructureShape<Value> {
  return {
    kind: "structure",
    members,
    alphabetical: members.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    byName: new Map(members.map((member) => [member.name, member])),
  };
}

export function eventStream(event: StructureShape): EventStreamShape {
  return { kind: "eventStream", event };
}

export function required(name: string, shape: Shape): Member {
  return { name, path: lowerFirst(name), required: true, shape };
}

export function optional(name: string, shape: Shape): Member {
  return { name, path: lowerFirst(name), required: false, shape };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/**
 * Matches a pattern against the whole value. Several `.*` in one pattern would take cubic time for a crafted value, so each
 * `.*` but the last is atomic: it ends where its next part first matches. That accepts the same values, because the next
 * `.*` consumes the rest.
 */
function wholeValuePattern(source: string, lengthMax: number | undefined): Pattern {
  const [head = "", ...tails] = source.replaceAll("\\S", "[^ \\t\\n\\v\\f\\r]").split(".*");
  const last = tails.pop();
  const middle = tails.map((tail, index) => `(?=(?<first${index}>.*?${tail}))\\k<first${index}>`).join("");
  const whole = new RegExp(`^(?:${head}${middle}${last === undefined ? "" : `.*${last}`})$`);
  // One `.*` can still take quadratic time, so a value above its maximum length is refused for that alone.
  const lengthChecked = last === undefined ? Number.POSITIVE_INFINITY : (lengthMax ?? 0);
  return { source, matches: (value) => value.length > lengthChecked || whole.test(value) };
}
