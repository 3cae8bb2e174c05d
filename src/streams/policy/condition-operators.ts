import { BlockList, isIP } from "node:net";
import {
  type ContextLookup,
  fillVariables,
  matchesArnPattern,
  matchesPattern,
  type PolicyPattern,
  wildcardsAsText,
} from "./policy-pattern.ts";

export interface ConditionOperator {
  /** Whether a value of the request matches one of the policy's values, before a negation. */
  readonly matches: (value: string, wanted: readonly PolicyPattern[], valuesOf: ContextLookup) => boolean;
  readonly isNegated: boolean;
  /** Whether a value in a policy is valid; one with a variable always is. */
  readonly accepts: (text: string) => boolean;
  /** What `accepts` expects, for messages. */
  readonly expects: string;
}

type Compare = (value: string, wanted: string) => boolean;

const text = { accepts: () => true, expects: "text" };
const booleanText = { accepts: orVariable((value) => /^(true|false)$/i.test(value)), expects: "true or false" };
const numeric = { accepts: orVariable((value) => numberOf(value) !== undefined), expects: "a number" };
const date = {
  accepts: orVariable((value) => epochMsOf(value) !== undefined),
  expects: "a date such as 2027-01-31T00:00:00Z",
};
const address = {
  accepts: orVariable((value) => blockOf(value) !== undefined),
  expects: "an address such as 10.0.0.0/8",
};

/** IAM JSON policy reference, "Condition operators"; without `ForAllValues:`, `ForAnyValue:` and `IfExists`. */
export const conditionOperators: Readonly<Record<string, ConditionOperator>> = {
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
  // ArnEquals and ArnLike are the same (IAM JSON policy reference).
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
    booleanText,
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
    booleanText,
    plain((value, wanted) => value === wanted.toLowerCase()),
  ),
};

function one(
  name: string,
  values: Pick<ConditionOperator, "accepts" | "expects">,
  compare: Compare,
  isNegated = false,
): Readonly<Record<string, ConditionOperator>> {
  const matches: ConditionOperator["matches"] = (value, wanted, valuesOf) =>
    wanted.some((pattern) => {
      const filled = fillVariables(pattern, valuesOf);
      return filled !== undefined && compare(value, filled);
    });
  return { [name]: { matches, isNegated, ...values } };
}

function pair(
  name: string,
  negatedName: string,
  values: Pick<ConditionOperator, "accepts" | "expects">,
  compare: Compare,
) {
  return { ...one(name, values, compare), ...one(negatedName, values, compare, true) };
}

function plain(compare: Compare): Compare {
  return (value, wanted) => compare(value, wildcardsAsText(wanted));
}

function numbers(compare: (value: number, wanted: number) => boolean): Compare {
  return plain((value, wanted) => compareParsed(value, wanted, numberOf, compare));
}

function dates(compare: (value: number, wanted: number) => boolean): Compare {
  return plain((value, wanted) => compareParsed(value, wanted, epochMsOf, compare));
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

function orVariable(accepts: (text: string) => boolean): (text: string) => boolean {
  return (value) => value.includes("${") || accepts(value);
}

function numberOf(value: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Ms since the epoch for an ISO 8601 date or seconds since the epoch. */
function epochMsOf(value: string): number | undefined {
  if (/^\d{5,12}$/.test(value)) return Number(value) * 1000;
  const ms = /^\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?)?)?$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function isInBlock(value: string, wanted: string): boolean {
  const block = blockOf(wanted);
  // A dual-stack socket reports an IPv4 address as ::ffff:10.0.0.1.
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
