import { BlockList, isIP } from "node:net";
import {
  type ContextValues,
  fillVariables,
  matchesArnPattern,
  matchesPattern,
  type Pattern,
  withoutWildcards,
} from "./policy-pattern.ts";

export interface Operator {
  /** Whether a value of the request fits any of the policy's; for a negated operator: whether it is excluded. */
  readonly fits: (value: string, wanted: readonly Pattern[], valuesOf: ContextValues) => boolean;
  readonly isNegated: boolean;
  /** Whether a policy's value makes sense; one with a variable always does. */
  readonly takes: (text: string) => boolean;
  /** What `takes` asks for, for people. */
  readonly expects: string;
}

type Compare = (value: string, wanted: string) => boolean;

const text = { takes: () => true, expects: "text" };
const truth = { takes: orVariable((value) => /^(true|false)$/i.test(value)), expects: "true or false" };
const numeric = { takes: orVariable((value) => numberOf(value) !== undefined), expects: "a number" };
const date = {
  takes: orVariable((value) => msOf(value) !== undefined),
  expects: "a date such as 2027-01-31T00:00:00Z",
};
const address = {
  takes: orVariable((value) => blockOf(value) !== undefined),
  expects: "an address such as 10.0.0.0/8",
};

/** IAM JSON policy reference, "Condition operators"; without `ForAllValues:`, `ForAnyValue:` and `IfExists`. */
export const operators: Readonly<Record<string, Operator>> = {
  ...pair(
    "StringEquals",
    "StringNotEquals",
    text,
    plain((value, wanted) => value === wanted),
  ),
  ...pair(
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    text,
    plain((value, wanted) => value.toLowerCase() === wanted.toLowerCase()),
  ),
  ...pair("StringLike", "StringNotLike", text, matchesPattern),
  // The two ways of comparing ARNs do the same.
  ...pair("ArnEquals", "ArnNotEquals", text, matchesArnPattern),
  ...pair("ArnLike", "ArnNotLike", text, matchesArnPattern),
  ...pair(
    "NumericEquals",
    "NumericNotEquals",
    numeric,
    numbers((value, wanted) => value === wanted),
  ),
  ...one(
    "NumericLessThan",
    numeric,
    numbers((value, wanted) => value < wanted),
  ),
  ...one(
    "NumericLessThanEquals",
    numeric,
    numbers((value, wanted) => value <= wanted),
  ),
  ...one(
    "NumericGreaterThan",
    numeric,
    numbers((value, wanted) => value > wanted),
  ),
  ...one(
    "NumericGreaterThanEquals",
    numeric,
    numbers((value, wanted) => value >= wanted),
  ),
  ...pair(
    "DateEquals",
    "DateNotEquals",
    date,
    dates((value, wanted) => value === wanted),
  ),
  ...one(
    "DateLessThan",
    date,
    dates((value, wanted) => value < wanted),
  ),
  ...one(
    "DateLessThanEquals",
    date,
    dates((value, wanted) => value <= wanted),
  ),
  ...one(
    "DateGreaterThan",
    date,
    dates((value, wanted) => value > wanted),
  ),
  ...one(
    "DateGreaterThanEquals",
    date,
    dates((value, wanted) => value >= wanted),
  ),
  ...one(
    "Bool",
    truth,
    plain((value, wanted) => value.toLowerCase() === wanted.toLowerCase()),
  ),
  ...one(
    "BinaryEquals",
    text,
    plain((value, wanted) => value === wanted),
  ),
  ...pair("IpAddress", "NotIpAddress", address, plain(isInBlock)),
  ...one(
    "Null",
    truth,
    plain((value, wanted) => value === wanted.toLowerCase()),
  ),
};

function one(
  name: string,
  values: Pick<Operator, "takes" | "expects">,
  compare: Compare,
  isNegated = false,
): Readonly<Record<string, Operator>> {
  const fits: Operator["fits"] = (value, wanted, valuesOf) =>
    wanted.some((pattern) => {
      const filled = fillVariables(pattern, valuesOf);
      return filled !== undefined && compare(value, filled);
    });
  return { [name]: { fits, isNegated, ...values } };
}

function pair(name: string, negatedName: string, values: Pick<Operator, "takes" | "expects">, compare: Compare) {
  return { ...one(name, values, compare), ...one(negatedName, values, compare, true) };
}

function plain(compare: Compare): Compare {
  return (value, wanted) => compare(value, withoutWildcards(wanted));
}

function numbers(compare: (value: number, wanted: number) => boolean): Compare {
  return plain((value, wanted) => compareParsed(value, wanted, numberOf, compare));
}

function dates(compare: (value: number, wanted: number) => boolean): Compare {
  return plain((value, wanted) => compareParsed(value, wanted, msOf, compare));
}

function compareParsed(
  value: string,
  wanted: string,
  parse: (text: string) => number | undefined,
  compare: (value: number, wanted: number) => boolean,
): boolean {
  const [parsed, parsedWanted] = [parse(value), parse(wanted)];
  return parsed !== undefined && parsedWanted !== undefined && compare(parsed, parsedWanted);
}

function orVariable(takes: (text: string) => boolean): (text: string) => boolean {
  return (value) => value.includes("${") || takes(value);
}

function numberOf(value: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Of a date of ISO 8601, or of seconds since the epoch. */
function msOf(value: string): number | undefined {
  if (/^\d{5,12}$/.test(value)) return Number(value) * 1000;
  const ms = /^\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?)?)?$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function isInBlock(value: string, wanted: string): boolean {
  const block = blockOf(wanted);
  // Where a socket speaks both, an IPv4 address comes as ::ffff:10.0.0.1.
  const bare = value.replace(/^::ffff:(?=\d+\.)/i, "");
  const version = isIP(bare);
  return version !== 0 && block?.check(bare, version === 4 ? "ipv4" : "ipv6") === true;
}

function blockOf(wanted: string): BlockList | undefined {
  const [, network = "", bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(wanted) ?? [];
  const version = isIP(network);
  const bitsMax = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? bitsMax : Number(bits);
  if (version === 0 || prefix > bitsMax) return undefined;
  const block = new BlockList();
  block.addSubnet(network, prefix, version === 4 ? "ipv4" : "ipv6");
  return block;
}
