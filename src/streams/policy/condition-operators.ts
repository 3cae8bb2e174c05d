import { addressOf, blockOf, isInBlock } from "./address-block.ts";
import {
  type ContextLookup,
  type EvaluationSteps,
  fillVariables,
  matchesArnPattern,
  matchesPattern,
  type PolicyPattern,
  wildcardsAsText,
} from "./policy-pattern.ts";

/** What conditions are evaluated with. */
export interface EvaluationContext {
  readonly valuesOf: ContextLookup;
  readonly steps: EvaluationSteps;
}

export interface ConditionOperator {
  /** Whether a value of the request matches one of the policy's values, before a negation. */
  readonly matches: (value: string, wanted: readonly PolicyPattern[], context: EvaluationContext) => boolean;
  readonly isNegated: boolean;
  /** Whether a value in a policy is valid; one with a variable always is. */
  readonly accepts: (text: string) => boolean;
  /** What `accepts` expects, for messages. */
  readonly expects: string;
}

type Compare = (value: string, wanted: string, steps: EvaluationSteps) => boolean;

/** What one pattern takes besides the comparison of characters: its variables are filled in, its text is parsed. */
const stepsPerPattern = 32;
/** Characters that are copied or parsed in the time of one step. */
const charactersPerStep = 8;

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
  ...pair(
    "IpAddress",
    "NotIpAddress",
    address,
    plain((value, wanted) => isInBlock(addressOf(value), blockOf(wanted))),
  ),
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
  const matches: ConditionOperator["matches"] = (value, wanted, { valuesOf, steps }) =>
    wanted.some((pattern) => {
      const filled = fillVariables(pattern, valuesOf);
      if (filled === undefined) return false;
      steps.take(stepsPerPattern + Math.ceil((value.length + filled.length) / charactersPerStep));
      return compare(value, filled, steps);
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

function plain(compare: (value: string, wanted: string) => boolean): Compare {
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
